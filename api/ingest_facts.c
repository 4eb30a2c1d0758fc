#include "api/ingest_facts.h"
#include "api/exact.h"
#include "api/schemas.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/store/ingest.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { MAP_BYTES_MAX = 1 << 20, INSTANT_TEXT = 40, MICROS_DIGITS = 6 };

static const char *text_of(const json_t *fact, const char *name)
{
    return json_string_value(json_object_get(fact, name));
}

/* What the schema cannot say. */
static void check_pairs(const json_t *fact, struct field_errors *errors)
{
    const bool hourly = text_of(fact, "granularity") != NULL && strcmp(text_of(fact, "granularity"), "hour") == 0;
    const bool at = json_object_get(fact, "event_at") != NULL, day = json_object_get(fact, "event_date") != NULL;

    if ((json_object_get(fact, "entity_id") == NULL) == (json_object_get(fact, "external_entity_id") == NULL))
        field_error(errors, "external_entity_id", NULL, "give either external_entity_id or entity_id");
    if (at == day)
        field_error(errors, "event_at", NULL, "give either event_at or event_date");
    else if (hourly && day)
        field_error(errors, "event_at", NULL, "is required for granularity hour");
}

static void check_currency(const json_t *fact, struct field_errors *errors)
{
    const char *code = text_of(fact, "currency");

    if (code != NULL && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        field_error(errors, "currency", json_object_get(fact, "currency"), "must be a code like EUR");
}

/* PostgreSQL would round what is finer than a microsecond, and the last tenth of one up into the next day. */
static const char *whole_micros(const char *instant, char out[INSTANT_TEXT])
{
    const char *dot = instant != NULL ? strchr(instant, '.') : NULL;
    const size_t digits = dot != NULL ? strspn(dot + 1, "0123456789") : 0;

    if (digits <= MICROS_DIGITS)
        return instant;
    (void)snprintf(out, INSTANT_TEXT, "%.*s%s", (int)(dot + 1 + MICROS_DIGITS - instant), instant, dot + 1 + digits);
    return out;
}

/* A JSON object of exact numbers. */
static void write_map(const char *name, const json_t *map, struct buf *out, struct field_errors *errors)
{
    const char *key;
    json_t *value;
    char number[DECIMAL_TEXT];

    buf_add_char(out, '{');
    json_object_foreach((json_t *)(uintptr_t)map, key, value)
    {
        if (!exact_decimal(value, number)) {
            field_error(errors, name, value, "%s must be a decimal number", key);
            return;
        }
        buf_add_str(out, out->len > 1 ? "," : "");
        buf_add_json(out, key);
        buf_addf(out, ":%s", number);
    }
    buf_add_char(out, '}');
    if (out->overflow)
        field_error(errors, name, NULL, "is larger than %zu bytes", out->max);
}

static void refuse(struct ingest_facts *q, size_t index, struct field_errors *errors)
{
    size_t i;
    json_t *one;

    json_array_foreach(errors->list, i, one)
        CHECK(json_array_append_new(q->refused, json_pack("{s:i, s:O, s:O}", "index", (int)index, "field",
                                                          json_object_get(one, "field"), "message",
                                                          json_object_get(one, "message"))) == 0);
    q->refused_count++;
    field_errors_clear(errors);
}

static void add_fact(void *arg, size_t index, const json_t *fact)
{
    struct ingest_facts *q = arg;
    struct field_errors errors = {NULL};
    char numbers[INGEST_MEASURE_COUNT][DECIMAL_TEXT], at[INSTANT_TEXT];
    struct buf actions, values;
    struct ingest_fact f = {.index = (int)index,
                            .connection_id = text_of(fact, "connection_id"),
                            .entity_id = text_of(fact, "entity_id"),
                            .external_id = text_of(fact, "external_entity_id"),
                            .provider = text_of(fact, "provider"),
                            .level = text_of(fact, "level"),
                            .event_at = text_of(fact, "event_at"),
                            .event_date = text_of(fact, "event_date"),
                            .currency = text_of(fact, "currency"),
                            .attribution_setting = text_of(fact, "attribution_setting")};

    q->sent++;
    schemas_check(q->schemas, "Fact", fact, &errors);
    buf_init(&actions, MAP_BYTES_MAX);
    buf_init(&values, MAP_BYTES_MAX);
    if (errors.list == NULL) {
        check_pairs(fact, &errors);
        check_currency(fact, &errors);
        f.event_at = whole_micros(f.event_at, at);
        f.hourly = text_of(fact, "granularity") != NULL && strcmp(text_of(fact, "granularity"), "hour") == 0;
        for (int i = 0; i < INGEST_MEASURE_COUNT; i++)
            if (exact_decimal(json_object_get(fact, ingest_measure_names[i]), numbers[i]))
                f.measures[i] = numbers[i];
        if (json_object_get(fact, "actions") != NULL) {
            write_map("actions", json_object_get(fact, "actions"), &actions, &errors);
            f.actions = buf_str(&actions);
        }
        if (json_object_get(fact, "action_values") != NULL) {
            write_map("action_values", json_object_get(fact, "action_values"), &values, &errors);
            f.action_values = buf_str(&values);
        }
    }
    if (errors.list != NULL)
        refuse(q, index, &errors);
    else
        ingest_add(q->good, &f);
    buf_free(&actions);
    buf_free(&values);
}

static size_t facts_max(const struct schemas *s)
{
    const json_t *max = json_object_get(json_object_get(schemas_all(s), "Facts"), "maxItems");
    CHECK(json_is_integer(max));
    return (size_t)json_integer_value(max);
}

/* What is no list of facts, read as a whole for the words that say so. */
static void tell_unfit(struct ingest_facts *q, const char *text, size_t len)
{
    json_t *body = exact_load(text, len, &q->wrong);

    if (body != NULL)
        schemas_check(q->schemas, "Facts", body, &q->unfit);
    if (body != NULL && q->unfit.list == NULL)
        (void)err_set(&q->wrong, ERR_NO_MEMORY, "no memory for a fact");
    json_decref(body);
}

void ingest_facts_read(struct ingest_facts *q, const char *text, size_t len)
{
    CHECK((q->refused = json_array()) != NULL);
    q->good = ingest_new();
    q->fits = exact_each(text, len, facts_max(q->schemas), add_fact, q);
    if (!q->fits)
        tell_unfit(q, text, len);
}

void ingest_facts_free(struct ingest_facts *q)
{
    if (q->good != NULL)
        ingest_free(q->good);
    json_decref(q->refused);
    field_errors_clear(&q->unfit);
}
