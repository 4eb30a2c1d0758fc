#include "common/base/settings.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/settings_table.h"
#include "common/base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_MAX = 1024 * 1024, VALUE_FILE_MAX = 64 * 1024, NAME_DISTANCE_MAX = 2 };

/* One value as found: in the environment or at a line of the config file, itself or as the path of NAME_FILE. */
struct given {
    const char *text;  /* borrowed; NULL when not given */
    bool is_path;      /* given by NAME_FILE */
    int line;          /* of the config file; 0 = environment */
    struct buf loaded; /* the content of NAME_FILE's file */
};

struct loader {
    const char *config_path;
    struct buf config; /* its lines, cut into strings */
    struct given from_config[SETTING_COUNT], from_environment[SETTING_COUNT];
};

static void wipe(struct buf *b)
{
    if (b->data != NULL)
        explicit_bzero(b->data, b->cap);
    buf_free(b);
}

static int read_file(const char *path, size_t max, struct buf *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t got = fd < 0 ? -1 : 1;

    buf_init(out, max);
    /* reserved at once: growing would leave copies of secrets behind */
    while (got > 0 && buf_reserve(out, max - out->len)) {
        got = read(fd, out->data + out->len, max - out->len);
        if (got > 0)
            out->len += (size_t)got;
        if (out->len == max)
            out->overflow = true;
    }
    if (got < 0 || out->overflow) {
        int rc = got < 0           ? err_set(e, ERR_SETTING, "cannot read %s: %s", path, strerror(errno))
                 : out->len == max ? err_set(e, ERR_SETTING, "%s is larger than %zu bytes", path, max - 1)
                                   : err_set(e, ERR_NO_MEMORY, "no memory to read %s", path);
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    (void)close(fd);
    buf_add_char(out, '\0');
    if (strlen(out->data) + 1 != out->len)
        return err_set(e, ERR_SETTING, "%s has a zero byte in it", path);
    return 0;
}

/* The row of a NAME or NAME_FILE; -1 when it is none of ours. */
static int find_row(const char *name, size_t len, bool *is_path)
{
    static const char suffix[] = "_FILE";
    const size_t suffix_len = sizeof suffix - 1;

    for (int i = 0; i < SETTING_COUNT; i++) {
        size_t row_len = strlen(setting_table[i].name);

        if (len < row_len || strncmp(setting_table[i].name, name, row_len) != 0)
            continue;
        *is_path = len == row_len + suffix_len && strncmp(name + row_len, suffix, suffix_len) == 0;
        if (len == row_len || *is_path)
            return i;
    }
    return -1;
}

/* Levenshtein's distance, for "did you mean". */
static size_t distance(const char *a, const char *b)
{
    size_t row[64], len = strlen(b);

    if (len >= sizeof row / sizeof row[0] || strlen(a) >= sizeof row / sizeof row[0])
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t best = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            best = best < row[j] + 1 ? best : row[j] + 1;
            row[j + 1] = best < diagonal + 1 ? best : diagonal + 1;
        }
    }
    return row[len];
}

static int unknown_name(const struct loader *l, int line, const char *name, struct err *e)
{
    size_t best = NAME_DISTANCE_MAX + 1;
    const char *nearest = NULL;

    for (size_t i = 0; i < SETTING_COUNT; i++) {
        size_t far = distance(name, setting_table[i].name);

        if (far < best) {
            best = far;
            nearest = setting_table[i].name;
        }
    }
    if (nearest != NULL)
        return err_set(e, ERR_SETTING, "%s:%d: unknown setting %s; did you mean %s?", l->config_path, line, name,
                       nearest);
    return err_set(e, ERR_SETTING, "%s:%d: unknown setting %s; --help lists all", l->config_path, line, name);
}

static int put_given(struct given *list, int row, bool is_path, const char *text, int line, struct err *e)
{
    struct given *g = &list[row];

    if (g->text != NULL && g->is_path != is_path)
        return err_set(e, ERR_SETTING, "%s and %s_FILE are both given; leave one of them out", setting_table[row].name,
                       setting_table[row].name);
    if (g->text != NULL)
        return err_set(e, ERR_SETTING, "%s is given twice, the second time at line %d", setting_table[row].name, line);
    *g = (struct given){.text = text, .is_path = is_path, .line = line};
    return 0;
}

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    for (len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]) != NULL; len--)
        ;
    text[len] = '\0';
    return text;
}

/* Values may stand in quotes, as in files that a shell reads too. */
static char *unquote(char *text)
{
    size_t len = strlen(text);

    if (len < 2 || (text[0] != '"' && text[0] != '\'') || text[len - 1] != text[0])
        return text;
    text[len - 1] = '\0';
    return text + 1;
}

static int take_line(struct loader *l, char *line, int number, struct err *e)
{
    char *equals, *name, *value;
    bool is_path = false;
    int row;

    line = trim(line);
    if (*line == '\0' || *line == '#')
        return 0;
    equals = strchr(line, '=');
    if (equals == NULL)
        return err_set(e, ERR_SETTING, "%s:%d: this is no NAME=value line", l->config_path, number);
    *equals = '\0';
    name = trim(line);
    value = unquote(trim(equals + 1));
    row = find_row(name, strlen(name), &is_path);
    if (row < 0)
        return unknown_name(l, number, name, e);
    return *value == '\0' ? 0 : put_given(l->from_config, row, is_path, value, number, e);
}

static int read_config(struct loader *l, struct err *e)
{
    int rc, number = 0;
    char *rest;

    if (l->config_path == NULL)
        return 0;
    rc = read_file(l->config_path, CONFIG_MAX, &l->config, e);
    rest = l->config.data;
    while (rc == 0 && rest != NULL) {
        char *line = strsep(&rest, "\n");

        rc = take_line(l, line, ++number, e);
    }
    return rc;
}

static int read_environment(struct loader *l, char *const *environment, struct err *e)
{
    int rc = 0;

    for (; rc == 0 && *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        bool is_path = false;
        int row = equals == NULL ? -1 : find_row(*environment, (size_t)(equals - *environment), &is_path);

        if (row >= 0 && equals[1] != '\0')
            rc = put_given(l->from_environment, row, is_path, equals + 1, 0, e);
    }
    return rc;
}

/* Puts the file's content in the place of its path, without the line break at its end. */
static int load_path(const struct setting *row, struct given *g, struct err *e)
{
    int rc = read_file(g->text, VALUE_FILE_MAX, &g->loaded, e);
    size_t len;

    if (rc != 0) {
        (void)err_wrap(e, "%s_FILE", row->name);
        return rc;
    }
    len = strlen(g->loaded.data);
    if (len > 0 && g->loaded.data[len - 1] == '\n')
        len--;
    if (len > 0 && g->loaded.data[len - 1] == '\r')
        len--;
    g->loaded.data[len] = '\0';
    if (len == 0)
        return err_set(e, ERR_SETTING, "%s_FILE: %s is empty", row->name, g->text);
    g->text = g->loaded.data;
    return 0;
}

static int malformed(const struct loader *l, const struct setting *row, const struct given *g, const char *text,
                     struct err *e)
{
    struct buf wanted;
    char where[32] = "";
    int rc;

    if (g != NULL && g->line > 0)
        (void)snprintf(where, sizeof where, ", line %d", g->line);
    buf_init(&wanted, 4096);
    setting_wanted(row, &wanted);
    rc = err_set(e, ERR_SETTING, "%s%s%s%s is not acceptable (from %s%s%s): give %s", row->name,
                 row->hidden ? "" : " \"", row->hidden ? "" : text, row->hidden ? "" : "\"",
                 where[0] != '\0' ? l->config_path : "the environment", where,
                 g != NULL && g->is_path ? ", its _FILE" : "", buf_str(&wanted));
    buf_free(&wanted);
    return rc;
}

/* The winning value of each row, then all of them into *s. */
static int settle(struct loader *l, struct settings *s, enum program who, struct err *e)
{
    const char *texts[SETTING_COUNT];
    struct given *given[SETTING_COUNT];
    size_t bytes = 0;
    int rc = 0;

    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting *row = &setting_table[i];
        struct given *g = l->from_environment[i].text != NULL ? &l->from_environment[i] : &l->from_config[i];

        given[i] = (row->who & who) != 0 && g->text != NULL ? g : NULL;
        if (given[i] != NULL && g->is_path && (rc = load_path(row, g, e)) != 0)
            return rc;
        if (given[i] == NULL && (row->required & who) != 0)
            return err_set(e, ERR_SETTING, "%s is not set; it is required: %s", row->name, row->meaning);
        texts[i] = given[i] != NULL ? g->text : setting_preset(row, who);
        bytes += texts[i] != NULL ? strlen(texts[i]) + 1 : 0;
    }
    /* at once, because the fields point into it */
    buf_init(&s->text, bytes);
    CHECK(buf_reserve(&s->text, bytes));
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting *row = &setting_table[i];

        if (texts[i] != NULL && !setting_store(row, texts[i], s))
            return malformed(l, row, given[i], texts[i], e);
    }
    s->metrics_listen_given = given[SETTING_AT_metrics_listen] != NULL;
    return 0;
}

int settings_load(struct settings *s, enum program who, const char *config_path, char *const *environment,
                  struct err *e)
{
    struct loader *l = mem_new(1, sizeof *l);
    int rc;

    *s = (struct settings){0};
    l->config_path = config_path;
    rc = read_config(l, e);
    if (rc == 0)
        rc = read_environment(l, environment, e);
    if (rc == 0)
        rc = settle(l, s, who, e);
    if (rc != 0)
        settings_clear(s);
    for (int i = 0; i < SETTING_COUNT; i++) {
        wipe(&l->from_config[i].loaded);
        wipe(&l->from_environment[i].loaded);
    }
    wipe(&l->config);
    free(l);
    return rc;
}

void settings_clear(struct settings *s)
{
    secret_free(s->token_encryption_key);
    secret_free(s->meta_app_secret);
    secret_free(s->meta_access_token);
    secret_free(s->jwt_secret);
    wipe(&s->text); /* database and Redis passwords */
    *s = (struct settings){0};
}
