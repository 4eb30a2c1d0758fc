#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/account_parts.h"
#include "common/store/sql.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The keys of connections.settings: what the program's settings of the same meaning allow. */
static const struct setting_key {
    const char *name;
    int64_t min, max;
    enum { KEY_NUMBER, KEY_CLOCK, KEY_YES_NO } kind;
    bool due; /* changes when the next sync is due */
} keys[] = {
    {"calls_per_window", 1, 1000000, KEY_NUMBER, false}, {"backfill_days", 1, 1127, KEY_NUMBER, false},
    {"restate_days", 0, 365, KEY_NUMBER, false},         {"nightly_at", 0, 0, KEY_CLOCK, true},
    {"intraday_minutes", 0, 1440, KEY_NUMBER, true},     {"hourly", 0, 0, KEY_YES_NO, false},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0], VALUE_TEXT = 32 };

static const struct setting_key *find_key(const char *name, struct err *e)
{
    char known[200] = "";
    for (int i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
        const size_t len = strlen(known);
        (void)snprintf(known + len, sizeof known - len, "%s%s", i == 0 ? "" : ", ", keys[i].name);
    }
    (void)err_set(e, ERR_INPUT, "%s: no setting of a connection; there are %s", name, known);
    return NULL;
}

static bool is_clock(const char *text)
{
    int64_t number;
    char hour[3] = "";
    if (strlen(text) != 5 || text[2] != ':')
        return false;
    memcpy(hour, text, 2);
    return strspn(hour, "0123456789") == 2 && strspn(text + 3, "0123456789") == 2 && str_to_i64(hour, 0, 23, &number) &&
           str_to_i64(text + 3, 0, 59, &number);
}

/* The value as JSON; ERR_INPUT names what is right. */
static int to_json(const struct setting_key *k, const char *value, char json[VALUE_TEXT], struct err *e)
{
    int64_t number = 0;
    bool yes = false;
    switch (k->kind) {
    case KEY_NUMBER:
        if (!str_to_i64(value, k->min, k->max, &number))
            return err_set(e, ERR_INPUT, "%s: \"%s\" is not a whole number from %" PRId64 " to %" PRId64, k->name,
                           value, k->min, k->max);
        (void)snprintf(json, VALUE_TEXT, "%" PRId64, number);
        return 0;
    case KEY_CLOCK:
        if (!is_clock(value))
            return err_set(e, ERR_INPUT, "%s: \"%s\" is not a time like 03:00", k->name, value);
        (void)snprintf(json, VALUE_TEXT, "\"%s\"", value);
        return 0;
    case KEY_YES_NO:
        if (!str_to_bool(value, &yes))
            return err_set(e, ERR_INPUT, "%s: \"%s\" is not true or false", k->name, value);
        (void)snprintf(json, VALUE_TEXT, "%s", yes ? "true" : "false");
        return 0;
    }
    CHECK(!"a kind of setting");
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static void check_change(const struct connection_change *c, struct err *refused)
{
    char json[VALUE_TEXT];
    if (c->name != NULL && is_blank(c->name))
        (void)err_set(refused, ERR_INPUT, "name: must not be empty");
    for (int i = 0; i < c->setting_count && refused->rc == 0; i++) {
        const struct setting_key *key = find_key(c->settings[i].name, refused);
        if (key != NULL && c->settings[i].value[0] != '\0')
            (void)to_json(key, c->settings[i].value, json, refused);
    }
}

/* When the next sync is due is worked out anew by the scheduler. */
static void add_setting(struct tx *t, const char *id, const struct setting_change *s)
{
    struct err none = {0};
    const struct setting_key *key = find_key(s->name, &none);
    const bool remove = s->value[0] == '\0';
    char json[VALUE_TEXT] = "null";
    if (key == NULL || (!remove && to_json(key, s->value, json, &none) != 0))
        return; /* refused before */
    (void)TX_ADD(t, "connection_set", id, s->name, remove ? NULL : json, key->due ? "true" : "false");
}

void connection_change(struct db_pool *p, const char *id, const struct connection_change *c, account_done done,
                       void *arg)
{
    struct account_op *op = account_op_new(p, "connection", id, done, arg);
    struct tx *t = tx_new(p);
    check_change(c, &op->refused);
    const char *row = op->refused.rc == 0 ? account_op_id(op) : NULL; /* what is refused touches no row */
    for (int i = 0; i < c->setting_count; i++)
        add_setting(t, row, &c->settings[i]);
    if (c->name != NULL)
        (void)tx_add(t, "UPDATE connections SET name = $2 WHERE id = $1::uuid AND deleted_at IS NULL",
                     TX_PARAMS(row, c->name));
    if (c->status != NULL)
        (void)tx_add(t, SQL_STATUS_SET, TX_PARAMS(row, c->status, c->status_reason));
    op->answer = tx_add(t, "SELECT id FROM connections WHERE id = $1::uuid AND deleted_at IS NULL", TX_PARAMS(row));
    account_op_run(op, t);
}

void connection_set(struct db_pool *p, const char *id, const char *name, const char *value, account_done done,
                    void *arg)
{
    const struct setting_change one = {.name = name, .value = value};
    const struct connection_change c = {.settings = &one, .setting_count = 1};
    connection_change(p, id, &c, done, arg);
}
