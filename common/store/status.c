#include "common/store/status.h"
#include "common/base/check.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/listing.h"
#include "common/store/lua_script.h"
#include "common/store/sql.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DATABASE_MS_MAX = 5000, SCHEDULER_SILENT_MS = 10000, WORKER_SILENT_MS = 30000, TIME_TEXT = 32 };
enum { SCOPES, CONNECTIONS, REFUSED, DEAD, COUNTS, HOLDS, STEPS };

/* A report while it is made: first what PostgreSQL knows (counts, then open runs), then what Redis knows of it; each
 * part also when the one before it failed. */
struct status {
    struct db_pool *db;
    struct redis *redis;
    const char *prefix; /* borrowed from the caller */
    json_t *report, *problems;
    char **scopes;
    int scope_count;
    void (*done)(void *arg, const char *json);
    void *arg;
};

/* Takes the message. */
static void problem(struct status *t, const char *code, char *message)
{
    json_t *p = json_pack("{s:s, s:s}", "code", code, "message", message);
    CHECK(p && json_array_append_new(t->problems, p) == 0);
    free(message);
}

/* "2026-11-22T03:04:05+00:00"; null for 0. */
static json_t *instant(int64_t at_ms)
{
    char text[TIME_TEXT];
    struct tm tm;
    time_t at = (time_t)(at_ms / 1000);
    if (at_ms == 0 || !gmtime_r(&at, &tm))
        return json_null();
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00", &tm);
    return json_string(text);
}

/* What others wrote into Redis may be anything. */
static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);
    return value ? value : json_null();
}

static void set(json_t *object, const char *name, json_t *value)
{
    CHECK(json_object_set_new(object, name, value) == 0);
}

static void finish(struct status *t)
{
    set(t->report, "problems", t->problems);
    char *text = json_dumps(t->report, JSON_COMPACT);
    CHECK(text);
    t->done(t->arg, text);
    free(text);
    json_decref(t->report);
    for (int i = 0; i < t->scope_count; i++)
        free(t->scopes[i]);
    free(t->scopes);
    free(t);
}

/* ---- Redis ---- */

static const char *field_or(const struct redis_reply *r, const char *name)
{
    const char *value = redis_field(r, name);
    return value ? value : "";
}

static int64_t number_of(const char *text)
{
    int64_t n = 0;
    (void)str_to_i64(text, INT64_MIN, INT64_MAX, &n);
    return n;
}

static void add_scheduler(struct status *t, const struct redis_reply *r, int64_t now_ms)
{
    int64_t tick = number_of(field_or(r, "last_tick"));
    bool alive = tick > 0 && now_ms - tick <= SCHEDULER_SILENT_MS;
    json_t *s = json_object();
    set(s, "alive", json_boolean(alive));
    set(s, "leader", text_of(field_or(r, "leader")));
    set(s, "host", text_of(field_or(r, "host")));
    set(s, "since", json_integer(number_of(field_or(r, "since"))));
    set(s, "last_tick", json_integer(tick));
    set(s, "tick_at", instant(tick));
    set(t->report, "scheduler", s);
    if (tick == 0)
        problem(t, "no_scheduler",
                str_dup("no scheduler is alive: start metricx-scheduler, nothing is planned until then"));
    else if (!alive)
        problem(t, "no_scheduler",
                str_printf("no scheduler is alive (the last one was heard of %" PRId64
                           " s ago): start metricx-scheduler",
                           (now_ms - tick) / 1000));
}

static void add_queue(struct status *t, const struct redis_reply *r)
{
    static const char *const names[] = {"ready", "leased", "delayed", "dead"};
    json_t *q = json_object();
    for (int i = 0; i < 4; i++)
        set(q, names[i], json_integer(redis_int(redis_at(r, i))));
    set(t->report, "queue", q);
}

static void add_workers(struct status *t, const struct redis_reply *r, int64_t now_ms)
{
    static const char *const texts[] = {"host", "version"}, *const numbers[] = {"pid", "started", "jobs", "rows",
                                                                                "calls"};
    json_t *list = json_array();
    int alive = 0;
    for (int i = 0; i + 2 < redis_count(r); i += 3) {
        const struct redis_reply *fields = redis_at(r, i + 2);
        int64_t seen = redis_int(redis_at(r, i + 1));
        bool lives = now_ms - seen <= WORKER_SILENT_MS;
        json_t *w = json_object();
        set(w, "id", text_of(redis_str(redis_at(r, i))));
        set(w, "alive", json_boolean(lives));
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            set(w, texts[k], text_of(field_or(fields, texts[k])));
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            set(w, numbers[k], json_integer(number_of(field_or(fields, numbers[k]))));
        set(w, "last_heartbeat", json_integer(seen));
        set(w, "seen_at", instant(seen));
        (void)json_array_append_new(list, w);
        alive += lives;
    }
    set(t->report, "workers", list);
    if (alive == 0)
        problem(t, "no_worker", str_dup("no worker is alive: start metricx-worker, nothing is fetched until then"));
}

static json_t *number_or_null(const char *text)
{
    return text[0] ? json_integer(number_of(text)) : json_null();
}

/* One budget of the answer of lua/status.lua, from its place i on. */
enum {
    B_SCOPE,
    B_LIMIT,
    B_USED,
    B_WINDOW,
    B_USAGE,
    B_AGE,
    B_FOREIGN,
    B_BLOCKED,
    B_NEXT,
    B_WHY,
    B_LEARNED,
    BUDGET_FIELDS
};

static json_t *budget_of(const struct redis_reply *r, int i, int64_t now_ms)
{
    static const struct {
        const char *name;
        int at;
    } counts[] = {{"limit", B_LIMIT}, {"used", B_USED}, {"window_seconds", B_WINDOW}},
      said[] = {{"usage_percent", B_USAGE}, {"usage_age", B_AGE}, {"foreign_percent", B_FOREIGN}};
    const int64_t blocked = redis_int(redis_at(r, i + B_BLOCKED)), next = redis_int(redis_at(r, i + B_NEXT));
    const int64_t learned = redis_int(redis_at(r, i + B_LEARNED));
    json_t *b = json_object();
    set(b, "scope", text_of(redis_str(redis_at(r, i))));
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
        set(b, counts[k].name, json_integer(redis_int(redis_at(r, i + counts[k].at))));
    for (size_t k = 0; k < sizeof said / sizeof said[0]; k++)
        set(b, said[k].name, number_or_null(redis_str(redis_at(r, i + said[k].at))));
    set(b, "learned_limit", learned > 0 ? json_integer(learned) : json_null());
    set(b, "blocked_until", blocked > now_ms ? instant(blocked) : json_null());
    set(b, "next_call_at", instant(next));
    set(b, "parked_by", next > 0 ? text_of(redis_str(redis_at(r, i + B_WHY))) : json_null());
    return b;
}

static void add_budgets(struct status *t, const struct redis_reply *r, int64_t now_ms)
{
    json_t *list = json_array();
    for (int i = 0; i + BUDGET_FIELDS <= redis_count(r); i += BUDGET_FIELDS) {
        const int64_t blocked = redis_int(redis_at(r, i + B_BLOCKED));
        (void)json_array_append_new(list, budget_of(r, i, now_ms));
        if (blocked > now_ms)
            problem(t, "budget_blocked",
                    str_printf("%s: the provider wants no calls for another %" PRId64 " s",
                               redis_str(redis_at(r, i + B_SCOPE)), (blocked - now_ms + 999) / 1000));
    }
    set(t->report, "budgets", list);
}

static void on_redis(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct status *t = arg;
    if (rc == 0) {
        int64_t now_ms = redis_int(redis_at(r, 0));
        add_scheduler(t, redis_at(r, 1), now_ms);
        add_queue(t, redis_at(r, 2));
        add_workers(t, redis_at(r, 3), now_ms);
        add_budgets(t, redis_at(r, 4), now_ms);
    } else {
        set(t->report, "complete", json_false());
        problem(t, err_name(rc), str_dup(e->text));
    }
    finish(t);
}

static void look(struct status *t)
{
    struct lua_args scopes;
    lua_args_init(&scopes);
    for (int i = 0; i < t->scope_count; i++)
        lua_add(&scopes, t->scopes[i]);
    lua_run(t->redis, "status", t->prefix, &scopes, on_redis, t);
}

/* ---- PostgreSQL ---- */

static void no_database(struct status *t, int rc, const struct err *e)
{
    set(t->report, "complete", json_false());
    problem(t, err_name(rc), str_dup(e->text));
    look(t);
}

static void keep_scopes(struct status *t, const struct db_results *r)
{
    int count = db_rows(r, SCOPES);
    t->scopes = mem_new((size_t)count + 1, sizeof *t->scopes);
    for (; t->scope_count < count; t->scope_count++)
        t->scopes[t->scope_count] = str_dup(db_text(r, SCOPES, t->scope_count, 0));
}

static void add_connections(struct status *t, const struct db_results *r)
{
    json_t *counts = json_object();
    for (int i = 0; i < db_rows(r, CONNECTIONS); i++)
        set(counts, db_text(r, CONNECTIONS, i, 0), json_integer(db_int(r, CONNECTIONS, i, 1)));
    set(t->report, "connections", counts);
    for (int i = 0; i < db_rows(r, REFUSED); i++)
        problem(t, db_text(r, REFUSED, i, 3),
                str_printf("connection %s (%s, %s): %s", db_text(r, REFUSED, i, 0), db_text(r, REFUSED, i, 1),
                           db_text(r, REFUSED, i, 2), db_text(r, REFUSED, i, 4)));
    set(t->report, "open_runs", json_integer(db_int(r, COUNTS, 0, 0)));
    set(t->report, "accounts", json_integer(db_int(r, COUNTS, 0, 1)));
    int64_t dead = db_int(r, DEAD, 0, 0);
    set(t->report, "dead_letters", json_integer(dead));
    if (dead > 0)
        problem(t, "dead_letters", str_printf("%" PRId64 " dead letters: metricx dead list says why", dead));
}

static void add_holds(struct status *t, const struct db_results *r)
{
    json_t *list = json_array();
    for (int i = 0; i < db_rows(r, HOLDS); i++) {
        const bool all = db_is_null(r, HOLDS, i, 0);
        const char *reason = db_text(r, HOLDS, i, 2), *since = db_text(r, HOLDS, i, 3);
        json_t *h = json_object();
        set(h, "connection_id", all ? json_null() : json_string(db_text(r, HOLDS, i, 0)));
        set(h, "external_account_id", all ? json_null() : json_string(db_text(r, HOLDS, i, 1)));
        set(h, "reason", json_string(reason));
        set(h, "since", json_string(since));
        (void)json_array_append_new(list, h);
        problem(t, "held",
                all ? str_printf("all work is held since %s: %s", since, reason)
                    : str_printf("connection %s (%s) is held since %s: %s", db_text(r, HOLDS, i, 0),
                                 db_text(r, HOLDS, i, 1), since, reason));
    }
    set(t->report, "holds", list);
}

static void on_runs(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct status *t = arg;
    json_t *list = json_array();
    if (rc != 0) {
        json_decref(list);
        no_database(t, rc, e);
        return;
    }
    for (int i = 0; i < count; i++)
        (void)json_array_append_new(list, json_text_read(rows[i], strlen(rows[i]), 0, NULL));
    set(t->report, "runs", list);
    look(t);
}

static void on_counts(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct status *t = arg;
    if (rc != 0) {
        no_database(t, rc, e);
        return;
    }
    keep_scopes(t, r);
    add_connections(t, r);
    add_holds(t, r);
    listing_read(t->db, LIST_OPEN_RUNS, NULL, on_runs, t);
}

static void count(struct status *t)
{
    const struct db_step steps[STEPS] = {
        [SCOPES] = {.sql = sql_text("status_scopes")},   [CONNECTIONS] = {.sql = sql_text("status_connections")},
        [REFUSED] = {.sql = sql_text("status_refused")}, [DEAD] = {.sql = sql_text("status_dead")},
        [COUNTS] = {.sql = sql_text("status_counts")},   [HOLDS] = {.sql = sql_text("status_holds")}};
    (void)db_run(t->db, DB_PLAIN, steps, STEPS, DATABASE_MS_MAX, on_counts, t);
}

void status_read(struct db_pool *p, struct redis *r, const char *prefix, void (*done)(void *arg, const char *json),
                 void *arg)
{
    struct status *t = mem_new(1, sizeof *t);
    *t = (struct status){.db = p,
                         .redis = r,
                         .prefix = prefix,
                         .report = json_object(),
                         .problems = json_array(),
                         .done = done,
                         .arg = arg};
    CHECK(t->report && t->problems);
    set(t->report, "complete", json_true());
    count(t);
}
