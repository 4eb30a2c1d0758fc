#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/redis_parts.h"
#include <stdlib.h>
#include <string.h>

/* The text of REDIS_URL never gets into an error: it may hold a password. */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded copy of len bytes, owned by the caller; NULL when malformed. */
static char *decoded(const char *text, size_t len)
{
    char *out = mem_new(1, len + 1), *to = out;

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '%') {
            *to++ = text[i];
            continue;
        }
        int high = i + 2 < len ? hex_digit(text[i + 1]) : -1, low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            free(out);
            return NULL;
        }
        *to++ = (char)(high * 16 + low);
        i += 2;
    }
    return out;
}

/* user:password */
static int parse_login(const char *text, size_t len, struct redis_url *u, struct err *e)
{
    const char *colon = memchr(text, ':', len);
    size_t user_len = colon ? (size_t)(colon - text) : len;
    char *password;

    if (!colon)
        return err_set(e, ERR_SETTING, "REDIS_URL: a user needs a password, as in redis://user:password@host");
    u->user = decoded(text, user_len);
    password = decoded(colon + 1, len - user_len - 1);
    if (password) {
        u->password = secret_new(password, strlen(password));
        explicit_bzero(password, strlen(password));
        free(password);
    }
    if (!u->user || !u->password)
        return err_set(e, ERR_SETTING, "REDIS_URL: user and password must be percent-encoded");
    return 0;
}

static int parse_db(const char *text, struct redis_url *u, struct err *e)
{
    int64_t db = 0;

    if (*text && !str_to_i64(text, 0, 1000000, &db))
        return err_set(e, ERR_SETTING, "REDIS_URL: the database must be a number, as in redis://host:6379/0");
    u->db = (int)db;
    return 0;
}

/* host, host:port or [IPv6]:port, then /db */
static int parse_tcp(const char *text, struct redis_url *u, struct err *e)
{
    const char *slash = strchr(text, '/'), *end = slash ? slash : text + strlen(text);
    const char *host = text, *host_end;
    int64_t port = 6379;

    if (*text == '[') {
        host++;
        host_end = memchr(host, ']', (size_t)(end - host));
        if (!host_end)
            return err_set(e, ERR_SETTING, "REDIS_URL: an IPv6 address must be in brackets");
        text = host_end + 1;
    } else {
        host_end = memchr(host, ':', (size_t)(end - host));
        if (!host_end)
            host_end = end;
        text = host_end;
    }
    if (text < end) {
        char digits[8] = "";
        if (*text != ':' || end - text > 6)
            return err_set(e, ERR_SETTING, "REDIS_URL: the port must be a number from 1 to 65535");
        memcpy(digits, text + 1, (size_t)(end - text - 1));
        if (!str_to_i64(digits, 1, 65535, &port))
            return err_set(e, ERR_SETTING, "REDIS_URL: the port must be a number from 1 to 65535");
    }
    if (host == host_end)
        return err_set(e, ERR_SETTING, "REDIS_URL: there is no host in it");
    u->host = decoded(host, (size_t)(host_end - host));
    if (!u->host)
        return err_set(e, ERR_SETTING, "REDIS_URL: the host is malformed");
    u->port = (int)port;
    return parse_db(slash ? slash + 1 : "", u, e);
}

/* /path?db=0 */
static int parse_unix(const char *text, struct redis_url *u, struct err *e)
{
    const char *query = strchr(text, '?');

    if (*text != '/')
        return err_set(e, ERR_SETTING, "REDIS_URL: a Unix socket needs an absolute path, as in unix:///run/redis.sock");
    u->path = decoded(text, query ? (size_t)(query - text) : strlen(text));
    if (!u->path)
        return err_set(e, ERR_SETTING, "REDIS_URL: the path is malformed");
    if (!query)
        return 0;
    if (!str_starts(query, "?db="))
        return err_set(e, ERR_SETTING, "REDIS_URL: only ?db= may follow a Unix socket's path");
    return parse_db(query + strlen("?db="), u, e);
}

int redis_url_parse(const char *text, struct redis_url *out, struct err *e)
{
    struct redis_url u = {0};
    bool tcp = str_starts(text, "redis://");
    int rc = 0;

    if (str_starts(text, "rediss://"))
        return err_set(e, ERR_SETTING,
                       "REDIS_URL: rediss:// needs TLS, which this system's hiredis has not; use redis:// or a Unix "
                       "socket, through a TLS tunnel when Redis is on another host");
    if (!tcp && !str_starts(text, "unix://"))
        return err_set(e, ERR_SETTING, "REDIS_URL: must begin with redis:// or unix://");
    text += strlen(tcp ? "redis://" : "unix://");

    const char *slash = strchr(text, '/'), *at = memrchr(text, '@', slash ? (size_t)(slash - text) : strlen(text));
    if (at) {
        rc = parse_login(text, (size_t)(at - text), &u, e);
        text = at + 1;
    }
    if (rc == 0)
        rc = tcp ? parse_tcp(text, &u, e) : parse_unix(text, &u, e);
    if (rc != 0) {
        redis_url_free(&u);
        return rc;
    }
    *out = u;
    return 0;
}

void redis_url_free(struct redis_url *u)
{
    free(u->host);
    free(u->path);
    free(u->user);
    secret_free(u->password);
    *u = (struct redis_url){0};
}
