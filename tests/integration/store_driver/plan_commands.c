#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/dead_letter.h"
#include "common/store/plan_store.h"
#include "common/store/run.h"
#include "common/store/schema.h"
#include "tests/integration/store_driver/driver.h"
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 20000 };

static date_t day_of(const json_t *o, const char *name)
{
    date_t day = DATE_NONE;
    if (text_of(o, name) != NULL)
        CHECK(date_parse(text_of(o, name), &day));
    return day;
}

static const char *day_text(date_t day, char text[DATE_TEXT])
{
    return day == DATE_NONE ? NULL : date_text(day, text);
}

/* Gives the list back in the reply under `name`. */
static json_t *list_in(struct driver *d, const char *name)
{
    json_t *list = json_array();
    CHECK(json_object_set_new(d->reply, name, list) == 0);
    return list;
}

static void add(json_t *list, json_t *item)
{
    CHECK(item != NULL && json_array_append_new(list, item) == 0);
}

static void on_created(void *arg, int rc, const struct run_answer *a, const struct err *e)
{
    if (rc == 0) {
        set_text(arg, "id", a->id);
        set_flag(arg, "existed", a->existed);
    }
    reply_end(arg, rc, e);
}

static void on_cancelled(void *arg, int rc, const char *const *ids, int count, const struct err *e)
{
    json_t *list = list_in(arg, "chunks");
    for (int i = 0; i < count; i++)
        add(list, json_string(ids[i]));
    reply_end(arg, rc, e);
}

static void on_lease(void *arg, int rc, bool leading, int64_t since_ms, const struct err *e)
{
    set_flag(arg, "leading", leading);
    set_int(arg, "since", since_ms);
    reply_end(arg, rc, e);
}

static void on_runs(void *arg, int rc, const struct plan_run *runs, int count, const struct err *e)
{
    json_t *list = list_in(arg, "runs");
    for (int i = 0; i < count; i++) {
        const struct plan_run *r = &runs[i];
        char from[DATE_TEXT], to[DATE_TEXT], day[DATE_TEXT], oldest[DATE_TEXT];
        json_t *known = json_array();
        for (int k = 0; k < r->known_count; k++)
            add(known, json_pack("[sI]", date_text(r->known[k].day, day), (json_int_t)r->known[k].read_at_ms));
        add(list, json_pack("{ss ss ss ss ss ss si sb ss? ss? sI sI sI sb ss? so}", "id", r->id, "connection_id",
                            r->connection_id, "kind", r->kind, "granularity", r->granularity, "timezone", r->timezone,
                            "provider", r->provider, "planned", (int)r->planned, "force", r->force, "from",
                            day_text(r->asked_from, from), "to", day_text(r->asked_to, to), "backfill_days",
                            (json_int_t)r->backfill_days, "restate_days", (json_int_t)r->restate_days, "rows_per_day",
                            (json_int_t)r->rows_per_day, "rows_learned", r->rows_learned, "planned_from",
                            day_text(r->planned_from, oldest), "known", known));
    }
    reply_end(arg, rc, e);
}

static void on_jobs(void *arg, int rc, const struct plan_job *jobs, int count, const char *last_id, const struct err *e)
{
    json_t *list = list_in(arg, "jobs");
    for (int i = 0; i < count; i++) {
        const struct plan_job *j = &jobs[i];
        add(list,
            json_pack("{ss ss ss ss ss ss ss ss ss si si sI sI}", "id", j->id, "run_id", j->run_id, "connection_id",
                      j->connection_id, "account", j->account, "kind", j->kind, "provider", j->provider, "from",
                      j->from, "to", j->to, "lane", j->lane, "attempts", j->attempts, "deliveries", j->deliveries,
                      "delay_ms", (json_int_t)j->delay_ms, "calls_per_window", (json_int_t)j->calls_per_window));
    }
    set_text(arg, "last", last_id);
    reply_end(arg, rc, e);
}

static void on_due(void *arg, int rc, const struct plan_due *due, int count, const struct err *e)
{
    json_t *list = list_in(arg, "due");
    for (int i = 0; i < count; i++)
        add(list, json_pack("{ss ss sI sI sI sb}", "connection_id", due[i].connection_id, "timezone", due[i].timezone,
                            "next_sync_at_ms", (json_int_t)due[i].next_sync_at_ms, "nightly_at",
                            (json_int_t)due[i].nightly_at, "intraday_minutes", (json_int_t)due[i].intraday_minutes,
                            "hourly", due[i].hourly));
    reply_end(arg, rc, e);
}

static void on_retained(void *arg, int rc, int64_t deleted, const struct err *e)
{
    set_int(arg, "deleted", deleted);
    reply_end(arg, rc, e);
}

static void on_dead(void *arg, int rc, int count, const struct err *e)
{
    set_int(arg, "count", count);
    reply_end(arg, rc, e);
}

static void create(struct driver *d, const json_t *o)
{
    const struct run_request r = {.id = text_of(o, "id"),
                                  .connection_id = text_of(o, "connection"),
                                  .kind = text_of(o, "kind"),
                                  .trigger = text_of(o, "trigger") == NULL ? "manual" : text_of(o, "trigger"),
                                  .from = day_of(o, "from"),
                                  .to = day_of(o, "to"),
                                  .granularity = text_of(o, "granularity") == NULL ? "day" : text_of(o, "granularity"),
                                  .force = flag_of(o, "force"),
                                  .interactive = flag_of(o, "interactive"),
                                  .due_at_ms = int_of(o, "due_at_ms", 0)};
    run_create(d->db, &r, on_created, d);
    wait_done(d);
}

static struct day_span span_of(const json_t *pair)
{
    struct day_span span = {DATE_NONE, DATE_NONE};
    if (pair != NULL)
        CHECK(date_parse(json_string_value(json_array_get(pair, 0)), &span.from) &&
              date_parse(json_string_value(json_array_get(pair, 1)), &span.to));
    return span;
}

/* {"plans": [{"run": id, "was": 0, "stage": 1, "entities": true, "totals": [from, to], "chunks": [[from, to], …],
 * "refused": "text"}, …]}; what is left out is not in the plan, was is 0 and stage 3.
 */
static void store(struct driver *d, const json_t *o)
{
    const json_t *list = json_object_get(o, "plans");
    const size_t count = json_array_size(list);
    struct plan_write *plans = calloc(count + 1, sizeof *plans);
    struct err *refusals = calloc(count + 1, sizeof *refusals);
    CHECK(plans != NULL && refusals != NULL);
    for (size_t i = 0; i < count; i++) {
        const json_t *p = json_array_get(list, i), *chunks = json_object_get(p, "chunks");
        struct day_span *spans = calloc(json_array_size(chunks) + 1, sizeof *spans);
        CHECK(spans != NULL);
        for (size_t k = 0; k < json_array_size(chunks); k++)
            spans[k] = span_of(json_array_get(chunks, k));
        plans[i] = (struct plan_write){.run_id = text_of(p, "run"),
                                       .was = (enum plan_stage)int_of(p, "was", PLANNED_NOTHING),
                                       .stage = (enum plan_stage)int_of(p, "stage", PLANNED_ALL),
                                       .entities = flag_of(p, "entities"),
                                       .totals = span_of(json_object_get(p, "totals")),
                                       .chunks = spans,
                                       .chunk_count = (int)json_array_size(chunks)};
        if (text_of(p, "refused") != NULL) {
            (void)err_set(&refusals[i], ERR_INPUT, "%s", text_of(p, "refused"));
            plans[i].refused = &refusals[i];
        }
    }
    plan_store(d->db, plans, (int)count, on_plain, d);
    for (size_t i = 0; i < count; i++) /* borrowed during the call only */
        free((void *)(uintptr_t)plans[i].chunks);
    free(plans);
    free(refusals);
    wait_done(d);
}

static void store_due(struct driver *d, const json_t *o)
{
    const json_t *list = json_object_get(o, "writes");
    const size_t count = json_array_size(list);
    struct plan_due_write *w = calloc(count + 1, sizeof *w);
    CHECK(w != NULL);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        w[i] = (struct plan_due_write){.connection_id = text_of(item, "connection"),
                                       .kind = text_of(item, "kind"),
                                       .trigger = text_of(item, "trigger"),
                                       .from = day_of(item, "from"),
                                       .to = day_of(item, "to"),
                                       .granularity = text_of(item, "granularity"),
                                       .due_at_ms = int_of(item, "due_at_ms", 0),
                                       .next_ms = int_of(item, "next_ms", 0)};
    }
    plan_due_store(d->db, w, (int)count, on_plain, d);
    free(w);
    wait_done(d);
}

static void open_jobs(struct driver *d, const json_t *o)
{
    const json_t *given = json_object_get(o, "runs");
    const char **runs = calloc(LIST_MAX, sizeof *runs);
    CHECK(runs != NULL);
    const int count = texts_of(given, runs, LIST_MAX);
    plan_open_jobs(d->db, given == NULL ? NULL : runs, count, text_of(o, "after") == NULL ? "" : text_of(o, "after"),
                   (int)int_of(o, "limit", 1000), on_jobs, d);
    free(runs);
    wait_done(d);
}

static bool start(struct driver *d, const char *name, const json_t *o)
{
    if (strcmp(name, "schema_check") == 0)
        schema_check(d->db, on_plain, d);
    else if (strcmp(name, "run_cancel") == 0)
        run_cancel(d->db, text_of(o, "run"), on_cancelled, d);
    else if (strcmp(name, "lease") == 0)
        plan_lease(d->db, text_of(o, "holder"), int_of(o, "ttl_ms", 1000), on_lease, d);
    else if (strcmp(name, "lease_release") == 0)
        plan_lease_release(d->db, text_of(o, "holder"), on_plain, d);
    else if (strcmp(name, "plan_runs") == 0)
        plan_runs(d->db, (int)int_of(o, "limit", 50), (int)int_of(o, "known_days", 100), on_runs, d);
    else if (strcmp(name, "due") == 0)
        plan_due(d->db, (int)int_of(o, "limit", 500), on_due, d);
    else if (strcmp(name, "retain") == 0)
        plan_retain(d->db, int_of(o, "days", 90), on_retained, d);
    else if (strcmp(name, "dead_retry") == 0)
        dead_letter_retry(d->db, text_of(o, "chunk"), on_dead, d);
    else if (strcmp(name, "dead_drop") == 0)
        dead_letter_drop(d->db, text_of(o, "chunk"), on_dead, d);
    else
        return false;
    wait_done(d);
    return true;
}

bool plan_command(struct driver *d, const char *name, const json_t *o)
{
    if (strcmp(name, "run_create") == 0)
        create(d, o);
    else if (strcmp(name, "plan_store") == 0)
        store(d, o);
    else if (strcmp(name, "due_store") == 0)
        store_due(d, o);
    else if (strcmp(name, "open_jobs") == 0)
        open_jobs(d, o);
    else
        return start(d, name, o);
    return true;
}
