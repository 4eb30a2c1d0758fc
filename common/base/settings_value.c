/* What values may look like, and how they come into struct settings. */
#include "common/base/settings_table.h"
#include "common/base/str.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>

enum { PREFIX_MAX = 64, PORT_MAX = 65535, JWT_LEAST = 32, DAY_MINUTES = 24 * 60 };

const struct setting setting_table[SETTING_COUNT] = {
#define X(name, field, kind, preset, who, required, min, max, unit, hidden, meaning)                                   \
    {name, offsetof(struct settings, field), preset, unit, meaning, min, max, kind, who, required, hidden},
    SETTING_TABLE(X)
#undef X
};

const char *setting_preset(const struct setting *row, enum program who)
{
    if (row == &setting_table[SETTING_AT_metrics_listen] && who == PROGRAM_SCHEDULER)
        return "127.0.0.1:9412";
    if (row == &setting_table[SETTING_AT_metrics_listen] && who == PROGRAM_WORKER)
        return "127.0.0.1:9413";
    return row->preset;
}

int settings_host_port(const char *name, const char *text, char host[64], int *port, struct err *e)
{
    unsigned char address[sizeof(struct in6_addr)];
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    int64_t number;
    bool v6 = len > 2 && text[0] == '[' && text[len - 1] == ']';
    char out[64];

    if (v6) {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof out || !str_to_i64(colon + 1, 0, PORT_MAX, &number))
        return err_set(e, ERR_SETTING, "%s: give address:port, like 127.0.0.1:8080 or [::1]:8080", name);
    memcpy(out, text, len);
    out[len] = '\0';
    if (strcmp(out, "localhost") == 0)
        (void)str_copy(out, sizeof out, "127.0.0.1");
    if (inet_pton(v6 ? AF_INET6 : AF_INET, out, address) != 1)
        return err_set(e, ERR_SETTING, "%s: the address must be a numeric one, like 127.0.0.1, 0.0.0.0 or [::]", name);
    memcpy(host, out, sizeof out);
    *port = (int)number;
    return 0;
}

static bool is_database(const char *text)
{
    if (strstr(text, "://") != NULL && strchr(text, ' ') == NULL)
        return str_starts(text, "postgresql://") || str_starts(text, "postgres://");
    return strchr(text, '=') != NULL;
}

static bool is_redis(const char *text)
{
    static const char *const schemes[] = {"redis://", "rediss://", "unix:///"};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (str_starts(text, schemes[i]))
            return text[strlen(schemes[i])] != '\0' && strchr(text, ' ') == NULL;
    }
    return false;
}

/* Redis hashes what stands between the first { and the first } behind it, if there is anything. */
static bool has_hash_tag(const char *text)
{
    const char *open = strchr(text, '{'), *close = open == NULL ? NULL : strchr(open, '}');

    return close != NULL && close > open + 1 && strlen(text) <= PREFIX_MAX && strchr(text, ' ') == NULL;
}

static bool is_loopback(const char *host)
{
    struct in_addr address;

    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

/* http(s)://host[:port][/path], without credentials, query and fragment. */
static bool is_web_url(const char *text, bool http_only_to_loopback)
{
    bool https = str_starts(text, "https://");
    const char *from = text + (https ? 8 : 7), *colon;
    size_t len = strcspn(from, "/"), host_len;
    int64_t port;
    char authority[256];

    if ((!https && !str_starts(text, "http://")) || strpbrk(from, "@?#\" ") != NULL || len >= sizeof authority)
        return false;
    memcpy(authority, from, len);
    authority[len] = '\0';
    host_len = authority[0] == '[' ? strcspn(authority, "]") + 1 : strcspn(authority, ":");
    if (host_len == 0 || host_len > len)
        return false;
    colon = authority + host_len;
    if (*colon != '\0' && (*colon != ':' || !str_to_i64(colon + 1, 1, PORT_MAX, &port)))
        return false;
    authority[host_len] = '\0';
    return https || !http_only_to_loopback || is_loopback(authority);
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

static bool is_version(const char *text)
{
    size_t major = text[0] == 'v' ? digits(text + 1) : 0;

    if (major == 0 || text[1 + major] != '.')
        return false;
    text += 2 + major;
    return digits(text) > 0 && text[digits(text)] == '\0';
}

static bool is_jwt_list(const char *text)
{
    for (;;) {
        size_t len = strcspn(text, ",");

        if (len < JWT_LEAST)
            return false;
        text += len;
        if (*text == '\0')
            return true;
        text++;
    }
}

static bool read_clock(const char *text, int64_t *minute)
{
    if (strlen(text) != 5 || digits(text) != 2 || text[2] != ':' || digits(text + 3) != 2)
        return false;
    *minute = ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
    return *minute < DAY_MINUTES && text[3] < '6';
}

static bool read_word(const char *text, const char *const *words, int *index)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static void *field_of(const struct setting *row, struct settings *s)
{
    return (char *)s + row->offset;
}

static bool store_text(const struct setting *row, const char *text, size_t len, struct settings *s)
{
    size_t at = s->text.len;

    buf_add(&s->text, text, len);
    buf_add_char(&s->text, '\0');
    *(const char **)field_of(row, s) = s->text.data + at;
    return true;
}

static bool store_url(const struct setting *row, const char *text, struct settings *s)
{
    size_t len = strlen(text);

    while (len > 0 && text[len - 1] == '/')
        len--;
    return store_text(row, text, len, s);
}

static bool store_secret(const struct setting *row, const char *text, struct settings *s)
{
    *(struct secret **)field_of(row, s) = secret_new(text, strlen(text));
    return true;
}

static bool store_number(const struct setting *row, const char *text, struct settings *s)
{
    int64_t *number = field_of(row, s);

    if (row->kind == SETTING_CHUNK && strcmp(text, "auto") == 0) {
        *number = 0;
        return true;
    }
    return str_to_i64(text, row->min, row->max, number);
}

bool setting_store(const struct setting *row, const char *text, struct settings *s)
{
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
    static const char *const formats[] = {"logfmt", "json", NULL};
    char host[64];
    int index;

    for (const char *c = text; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c))
            return false;
    }
    switch (row->kind) {
    case SETTING_DATABASE:
        return is_database(text) && store_text(row, text, strlen(text), s);
    case SETTING_REDIS:
        return is_redis(text) && store_text(row, text, strlen(text), s);
    case SETTING_PREFIX:
        return has_hash_tag(text) && store_text(row, text, strlen(text), s);
    case SETTING_META_URL:
        return is_web_url(text, true) && store_url(row, text, s);
    case SETTING_WEB_URL:
        return is_web_url(text, false) && store_url(row, text, s);
    case SETTING_VERSION:
        return is_version(text) && store_text(row, text, strlen(text), s);
    case SETTING_DIGITS:
        return text[digits(text)] == '\0' && store_text(row, text, strlen(text), s);
    case SETTING_HOST_PORT:
        return settings_host_port(row->name, text, host, &index, NULL) == 0 && store_text(row, text, strlen(text), s);
    case SETTING_SECRET:
        return store_secret(row, text, s);
    case SETTING_JWT:
        return is_jwt_list(text) && store_secret(row, text, s);
    case SETTING_NUMBER:
    case SETTING_CHUNK:
        return store_number(row, text, s);
    case SETTING_CLOCK:
        return read_clock(text, field_of(row, s));
    case SETTING_LEVEL:
        if (!read_word(text, levels, &index))
            return false;
        s->log_level = (enum log_level)index;
        return true;
    case SETTING_FORMAT:
        if (!read_word(text, formats, &index))
            return false;
        s->log_format = (enum log_format)index;
        return true;
    }
    return false;
}

void setting_wanted(const struct setting *row, struct buf *out)
{
    static const char *const wanted[] = {
        [SETTING_DATABASE] = "a URL like postgresql://user@host/database, or key=value pairs",
        [SETTING_REDIS] = "a URL like redis://127.0.0.1:6379/0 or unix:///path?db=0",
        [SETTING_PREFIX] = "a word with a {hash tag}, like {metricx}, at most 64 characters",
        [SETTING_META_URL] = "a URL that begins with https:// (http:// only for loopback addresses)",
        [SETTING_WEB_URL] = "a URL like https://ads.example.com",
        [SETTING_VERSION] = "a version like v26.0",
        [SETTING_DIGITS] = "digits only",
        [SETTING_HOST_PORT] = "a numeric address and a port, like 127.0.0.1:8080 or [::1]:8080",
        [SETTING_SECRET] = "one line without control characters",
        [SETTING_JWT] = "secrets of at least 32 bytes each, separated by commas",
        [SETTING_NUMBER] = "",
        [SETTING_CHUNK] = "auto, or ",
        [SETTING_CLOCK] = "a time like 03:00, from 00:00 to 23:59",
        [SETTING_LEVEL] = "debug, info, warn or error",
        [SETTING_FORMAT] = "logfmt or json",
    };

    buf_add_str(out, wanted[row->kind]);
    if (row->kind == SETTING_NUMBER || row->kind == SETTING_CHUNK)
        buf_addf(out, "a whole number of %s from %" PRId64 " to %" PRId64, row->unit, row->min, row->max);
}
