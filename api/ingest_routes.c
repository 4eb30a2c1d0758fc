#include "api/ingest_routes.h"
#include "api/answer.h"
#include "api/exact.h"
#include "api/ingest_turns.h"
#include "api/schemas.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/store/ingest.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 64 << 20, MAP_BYTES_MAX = 1 << 20, INSTANT_TEXT = 40, MICROS_DIGITS = 6 };

/* One request: what is refused here, before the database has seen it. */
struct request {
    struct call *call;
    struct ingest *facts;
    size_t sent;
    json_t *refused; /* {"index","field","message"} */
    size_t refused_facts;
    struct ingest_turn turn;
};

static void request_free(void *state)
{
    struct request *q = state;
    if (q->facts != NULL)
        ingest_free(q->facts);
    json_decref(q->refused);
    free(q);
}

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

static void refuse(struct request *q, size_t index, struct field_errors *errors)
{
    size_t i;
    json_t *one;

    json_array_foreach(errors->list, i, one)
        CHECK(json_array_append_new(q->refused, json_pack("{s:i, s:O, s:O}", "index", (int)index, "field",
                                                          json_object_get(one, "field"), "message",
                                                          json_object_get(one, "message"))) == 0);
    q->refused_facts++;
    field_errors_clear(errors);
}

static void add_fact(struct request *q, size_t index, const json_t *fact)
{
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

    schemas_check(q->call->api->schemas, "Fact", fact, &errors);
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
        ingest_add(q->facts, &f);
    buf_free(&actions);
    buf_free(&values);
}

static void answer(struct request *q, const struct ingest_answer *a)
{
    struct call *c = q->call;
    const size_t refused = q->refused_facts + (size_t)a->error_count;
    char *early = json_dumps(q->refused, JSON_COMPACT);
    struct buf b;

    CHECK(early != NULL);
    buf_init(&b, ANSWER_BYTES_MAX);
    buf_addf(&b, "{\"success\":%s,\"ingested\":%lld,\"skipped\":%lld,\"errors\":[", refused == 0 ? "true" : "false",
             (long long)a->ingested, (long long)a->skipped);
    buf_add(&b, early + 1, strlen(early) - 2); /* without its brackets */
    for (int i = 0; i < a->error_count; i++) {
        buf_add_str(&b, i > 0 || json_array_size(q->refused) > 0 ? "," : "");
        buf_add_str(&b, a->errors[i]);
    }
    buf_add_str(&b, "]}");
    free(early);
    answer_buf(c, q->sent > 0 && refused == q->sent ? 422 : 200, &b);
}

static void on_ingested(void *arg, int rc, const struct ingest_answer *a, const struct err *e)
{
    struct request *q = arg;
    ingest_turn_end(q->call->api->turns, &q->turn);
    if (rc != 0)
        answer_err(q->call, e);
    else
        answer(q, a);
}

static void run(void *arg)
{
    struct request *q = arg;
    struct ingest *facts = q->facts;
    q->facts = NULL;
    ingest_run(q->call->db, q->call->ws, facts, on_ingested, q);
}

void ingest(struct call *c)
{
    const struct ingest_answer nothing = {0};
    struct err e;
    struct request *q = mem_new(1, sizeof *q);
    size_t i;
    json_t *fact;

    *q = (struct request){.call = c, .facts = ingest_new(), .sent = json_array_size(c->body), .refused = json_array()};
    c->state = q;
    c->free_state = request_free;
    json_array_foreach(c->body, i, fact) add_fact(q, i, fact);
    json_decref(c->body); /* large, and not needed while the database works */
    c->body = NULL;
    if (q->refused_facts == q->sent) {
        answer(q, &nothing);
    } else if (!ingest_turn_take(c->api->turns, &q->turn, c->ws, run, q)) {
        (void)err_set(&e, ERR_LIMIT, "too many ingests wait for their turn; try again in some seconds");
        answer_problem(c, 503, &e);
    }
}
