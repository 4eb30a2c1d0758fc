#include "api/sync_routes.h"
#include "api/answer.h"
#include "api/connection_check.h"
#include "api/prefer.h"
#include "api/run_wait.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/forecast_ask.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_SECONDS = 25, ANSWER_BYTES_MAX = 1 << 20 };

/* One sync on its way through the steps below. */
struct sync {
    struct call *call;
    const char *summary; /* query of what the run came to */
    char *run_json;      /* as it ended */
    int came_to, errors; /* steps */
    char connection_status[16];
};

static bool is_of(const char *text, const char *name)
{
    return str_starts(text, name) && text[strlen(name)] == ':';
}

/* What the store calls from and to are start_date and end_date here. */
static void answer_refusal(struct call *c, const struct err *e)
{
    const char *field = is_of(e->text, "from") ? "start_date" : is_of(e->text, "to") ? "end_date" : NULL;
    struct field_errors errors = {NULL};

    if (e->rc != ERR_INPUT || field == NULL) {
        answer_err(c, e);
        return;
    }
    const json_t *value = json_object_get(c->body, field);
    field_error(&errors, field, value, "%s", strchr(e->text, ':') + 2);
    answer_fields(c, 422, &errors);
}

static date_t day_of(const json_t *body, const char *field)
{
    const char *text = json_string_value(json_object_get(body, field));
    date_t day = DATE_NONE;
    if (text != NULL)
        (void)date_parse(text, &day);
    return day;
}

static struct run_request request_of(const struct call *c, const char *kind)
{
    const char *granularity = json_string_value(json_object_get(c->body, "granularity"));
    return (struct run_request){.connection_id = c->id,
                                .kind = kind,
                                .trigger = "manual",
                                .from = day_of(c->body, "start_date"),
                                .to = day_of(c->body, "end_date"),
                                .granularity = granularity != NULL ? granularity : "day",
                                .force = json_is_true(json_object_get(c->body, "force_refresh")),
                                .interactive = true};
}

/* ---- the end of the run, told ---- */

static void sync_free(void *state)
{
    struct sync *s = state;
    free(s->run_json);
    free(s);
}

static void on_came_to(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct sync *s = arg;
    struct call *c = s->call;
    struct buf b;

    if (rc != 0) {
        answer_err(c, e);
        return;
    }
    json_t *run = json_text_read(s->run_json, strlen(s->run_json), 0, NULL);
    const char *status = json_string_value(json_object_get(run, "status"));
    const bool good = strcmp(status, "succeeded") == 0;
    buf_init(&b, ANSWER_BYTES_MAX);
    buf_addf(&b, "{\"success\":%s,\"run_id\":\"%s\"", good ? "true" : "false",
             json_string_value(json_object_get(run, "id")));
    if (!good)
        buf_addf(&b, ",\"status\":\"%s\"", status);
    buf_addf(&b, ",\"synced\":%s,\"errors\":[", db_text(r, s->came_to, 0, 0));
    for (int i = 0; i < db_rows(r, s->errors); i++) {
        buf_add_str(&b, i > 0 ? "," : "");
        buf_add_str(&b, db_text(r, s->errors, i, 0));
    }
    buf_add_str(&b, "]}");
    json_decref(run);
    answer_buf(c, 200, &b);
}

static void answer_accepted(struct call *c, const char *run_json)
{
    json_t *run = json_text_read(run_json, strlen(run_json), 0, NULL);
    const char *id = json_string_value(json_object_get(run, "id"));
    char place[160];

    (void)snprintf(place, sizeof place, "/workspaces/%s/runs/%s", c->ws, id);
    http_reply_header(c->x, "Location", place);
    json_t *answer = json_pack("{s:s, s:O}", "run_id", id, "status", json_object_get(run, "status"));
    json_decref(run);
    answer_object(c, 202, answer);
}

static void on_waited(struct call *c, int rc, const char *run_json, bool ended, const struct err *e)
{
    struct sync *s = c->state;
    const char *id;

    if (rc != 0) {
        answer_err(c, e);
        return;
    }
    if (!ended) {
        answer_accepted(c, run_json);
        return;
    }
    s->run_json = str_dup(run_json);
    json_t *run = json_text_read(run_json, strlen(run_json), 0, NULL);
    id = json_string_value(json_object_get(run, "id"));
    struct tx *t = tx_new(c->db);
    s->came_to = TX_ADD(t, s->summary, id);
    s->errors = TX_ADD(t, "sync_errors", id);
    json_decref(run);
    tx_run(t, on_came_to, s);
}

/* ---- asking for it ---- */

static void ignore(void *arg, int rc, const struct err *e)
{
    (void)arg, (void)rc, (void)e; /* the scheduler looks by itself, a second later */
}

static void on_created(void *arg, int rc, const struct run_answer *a, const struct err *e)
{
    struct sync *s = arg;
    struct call *c = s->call;
    struct err own;

    if (rc == ERR_CONFLICT) { /* the state of the connection is the reason, where that has a code */
        (void)err_copy(&own, e);
        if (strcmp(s->connection_status, "needs_reauth") == 0 || strcmp(s->connection_status, "no_access") == 0)
            own.rc = err_from_name(s->connection_status);
        answer_problem(c, 409, &own);
        return;
    }
    if (rc != 0) {
        answer_refusal(c, e);
        return;
    }
    queue_wake_scheduler(c->api->service->queue, ignore, NULL);
    run_wait(c, a->id, prefer_wait_s(http_header(c->x, "Prefer"), WAIT_SECONDS) * 1000, on_waited);
}

static void start(struct call *c, const json_t *connection)
{
    struct sync *s = c->state;
    const char *kind = strcmp(s->summary, "sync_entities_answer") == 0 ? "entities" : "metrics";
    const struct run_request r = request_of(c, kind);

    (void)str_copy(s->connection_status, sizeof s->connection_status,
                   json_string_value(json_object_get(connection, "status")));
    run_create(c->db, &r, on_created, s);
}

/* A last day without a first one means nothing. */
static bool range_is_whole(struct call *c)
{
    struct field_errors errors = {NULL};

    if (json_object_get(c->body, "end_date") == NULL || json_object_get(c->body, "start_date") != NULL)
        return true;
    field_error(&errors, "start_date", NULL, "is required beside end_date");
    answer_fields(c, 422, &errors);
    return false;
}

static void begin(struct call *c, const char *summary)
{
    struct sync *s = mem_new(1, sizeof *s);

    *s = (struct sync){.call = c, .summary = summary};
    c->state = s;
    c->free_state = sync_free;
    connection_check(c, c->id, start);
}

void sync_entities(struct call *c)
{
    begin(c, "sync_entities_answer");
}

void sync_metrics(struct call *c)
{
    if (range_is_whole(c))
        begin(c, "sync_metrics_answer");
}

/* ---- what it would take ---- */

static void on_forecast(void *arg, int rc, const struct run_forecast *f, const struct err *e)
{
    struct buf b;

    if (rc != 0) {
        answer_refusal(arg, e);
        return;
    }
    buf_init(&b, ANSWER_BYTES_MAX);
    forecast_write(&b, f);
    answer_buf(arg, 200, &b);
}

/* The ledger of calls has no walls: it is read once the connection is known to be the caller's. */
static void ask(struct call *c, const json_t *connection)
{
    const struct run_request r = request_of(c, "metrics");
    (void)connection;
    forecast_ask(c->api->service->db, c->api->service->settings, &r, on_forecast, c);
}

void sync_forecast(struct call *c)
{
    if (range_is_whole(c))
        connection_check(c, c->id, ask);
}
