#include "scheduler/request_entry.h"
#include "common/base/str.h"
#include <ctype.h>
#include <jansson.h>
#include <string.h>

static int refuse(struct err *e, const char *field, const json_t *value, const char *right)
{
    char *shown = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    int rc = value == NULL ? err_set(e, ERR_INPUT, "%s is missing: it must be %s", field, right)
                           : err_set(e, ERR_INPUT, "%s is %.80s: it must be %s", field,
                                     shown == NULL ? "unreadable" : shown, right);
    free(shown);
    return rc;
}

/* NULL when it is absent; null is what many programs write for that. */
static const json_t *field_of(const json_t *o, const char *field)
{
    const json_t *v = json_object_get(o, field);
    return json_is_null(v) ? NULL : v;
}

/* A word out of a list; `missing` is what an absent one means, NULL when it is required. */
static int read_word(const json_t *o, const char *field, const char *const *words, const char *missing,
                     const char *right, char *out, size_t size, struct err *e)
{
    const json_t *v = field_of(o, field);
    const char *text = v == NULL ? missing : json_string_value(v);
    for (int i = 0; text != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0)
            return str_copy(out, size, text) ? 0 : ERR_BUG;
    return refuse(e, field, v, right);
}

static int read_day(const json_t *o, const char *field, date_t *out, struct err *e)
{
    const json_t *v = field_of(o, field);
    const char *text = json_string_value(v);
    *out = DATE_NONE;
    if (v == NULL || (text != NULL && date_parse(text, out)))
        return 0;
    return refuse(e, field, v, "a day like 2026-10-31");
}

static int read_uuid(const json_t *o, const char *field, bool required, char out[UUID_TEXT], struct err *e)
{
    const json_t *v = field_of(o, field);
    const char *text = json_string_value(v);
    if (v == NULL && !required)
        return 0;
    if (text == NULL || !uuid_valid(text))
        return refuse(e, field, v, "a UUID");
    (void)str_copy(out, UUID_TEXT, text);
    for (char *c = out; *c != '\0'; c++) /* as PostgreSQL writes it: Redis' keys are made of it too */
        *c = (char)tolower((unsigned char)*c);
    return 0;
}

static int check_fields(const json_t *o, struct err *e)
{
    static const char *const known[] = {"id",          "connection_id", "kind",     "from", "to",
                                        "granularity", "force",         "priority", NULL};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)o, name, value)
    {
        int i = 0;
        while (known[i] != NULL && strcmp(known[i], name) != 0)
            i++;
        if (known[i] == NULL)
            return err_set(e, ERR_INPUT,
                           "%.80s is no field of a request; the fields are id, connection_id, kind, from, to, "
                           "granularity, force, priority",
                           name);
    }
    return 0;
}

static int read_range(const json_t *o, struct run_request *r, struct err *e)
{
    int rc = read_day(o, "from", &r->from, e);
    if (rc == 0)
        rc = read_day(o, "to", &r->to, e);
    if (rc == 0 && (r->from == DATE_NONE) != (r->to == DATE_NONE))
        rc = refuse(e, r->from == DATE_NONE ? "from" : "to", NULL,
                    "a day like 2026-10-31, as the other end of the range is given");
    return rc;
}

static int read_object(const json_t *o, struct request_entry *out, struct err *e)
{
    static const char *const kinds[] = {"entities", "metrics", "full", NULL};
    static const char *const granularities[] = {"day", "hour", NULL};
    static const char *const priorities[] = {"background", "interactive", NULL};
    struct run_request *r = &out->request;
    const json_t *force = field_of(o, "force");
    char priority[16] = "";
    int rc = read_uuid(o, "id", false, out->id, e);
    if (rc == 0)
        rc = check_fields(o, e);
    if (rc == 0)
        rc = read_uuid(o, "connection_id", true, out->connection_id, e);
    if (rc == 0)
        rc = read_word(o, "kind", kinds, NULL, "entities, metrics or full", out->kind, sizeof out->kind, e);
    if (rc == 0)
        rc = read_word(o, "granularity", granularities, "day", "day or hour", out->granularity, sizeof out->granularity,
                       e);
    if (rc == 0)
        rc = read_word(o, "priority", priorities, "background", "background or interactive", priority, sizeof priority,
                       e);
    if (rc == 0 && force != NULL && !json_is_boolean(force))
        rc = refuse(e, "force", force, "true or false");
    if (rc == 0)
        rc = read_range(o, r, e);
    r->id = out->id[0] == '\0' ? NULL : out->id;
    r->connection_id = out->connection_id;
    r->kind = out->kind;
    r->granularity = out->granularity;
    r->trigger = "external";
    r->force = json_is_true(force);
    r->interactive = strcmp(priority, "interactive") == 0;
    return rc;
}

int request_entry_parse(const char *text, size_t len, struct request_entry *out, struct err *e)
{
    json_error_t problem;
    *out = (struct request_entry){0};
    if (len > REQUEST_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "the request has more than %d bytes", REQUEST_BYTES_MAX);
    json_t *o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    if (o == NULL)
        return err_set(e, ERR_INPUT, "the request is no JSON: %s at byte %d", problem.text, problem.position);
    int rc = json_is_object(o) ? read_object(o, out, e) : err_set(e, ERR_INPUT, "the request must be one JSON object");
    json_decref(o);
    return rc;
}
