#include "common/store/run.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/str.h"
#include "common/base/zone.h"
#include "common/plan/range_plan.h"
#include "common/provider/provider.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>
#include <string.h>

enum { JOIN_TRIES = 3 };

/* ---- creating: the connection is read, the request checked, then inserted or joined ---- */

struct creating {
    struct db_pool *pool;
    char id[UUID_TEXT], connection_id[UUID_TEXT], kind[16], trigger[16], granularity[8];
    bool id_given, id_bad, force, interactive;
    date_t from, to;
    int64_t due_at_ms;
    int tries;
    int inserted, answer, open; /* steps */
    void (*done)(void *arg, int rc, const struct run_answer *a, const struct err *e);
    void *arg;
};

static void create_end(struct creating *c, int rc, const struct run_answer *a, const struct err *e)
{
    c->done(c->arg, rc, rc == 0 ? a : NULL, rc == 0 ? NULL : e);
    free(c);
}

static void create_insert(struct creating *c);

static void on_insert(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct creating *c = arg;
    struct run_answer answer = {0};
    struct err why = {0};
    if (rc == 0 && db_rows(r, c->answer) == 0) {
        const bool full = db_int(r, c->open, 0, 0) >= RUNS_OPEN_MAX;
        /* The open run that stood in the way has ended in between: so there is room now. */
        if (!full && ++c->tries < JOIN_TRIES) {
            create_insert(c);
            return;
        }
        rc = full ? err_set(&why, ERR_LIMIT, "connection %s has %d open runs: no more until one has ended",
                            c->connection_id, RUNS_OPEN_MAX)
                  : err_set(&why, ERR_NOT_FOUND, "there is no connection %s", c->connection_id);
        create_end(c, rc, NULL, &why);
        return;
    }
    if (rc == 0) {
        (void)str_copy(answer.id, sizeof answer.id, db_text(r, c->answer, 0, 0));
        answer.existed = db_affected(r, c->inserted) == 0;
    }
    create_end(c, rc, &answer, e);
}

static void create_insert(struct creating *c)
{
    struct tx *t = tx_new(c->pool);
    const char *from = tx_date(t, c->from), *to = tx_date(t, c->to), *due = tx_instant(t, c->due_at_ms);
    const char *force = c->force ? "true" : "false", *interactive = c->interactive ? "true" : "false";
    c->inserted = TX_ADD(t, "run_insert", c->id, c->connection_id, c->kind, c->trigger, c->granularity, from, to, force,
                         interactive, due, tx_int(t, RUNS_OPEN_MAX));
    (void)TX_ADD(t, "run_joined", c->connection_id, c->kind, c->granularity, from, to, force, interactive);
    c->answer = TX_ADD(t, "run_answer", c->id, c->connection_id, c->kind, c->granularity, from, to, c->trigger, due);
    c->open = TX_ADD(t, "run_open_count", c->connection_id);
    tx_run(t, on_insert, c);
}

static bool one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(word, *words) != 0)
        words++;
    return *words != NULL;
}

static int check_words(const struct creating *c, struct err *e)
{
    static const char *const kinds[] = {"entities", "metrics", "full", NULL};
    static const char *const triggers[] = {"manual", "nightly", "intraday", "connect", "external", NULL};
    static const char *const granularities[] = {"day", "hour", NULL};
    if (c->id_bad)
        return err_set(e, ERR_INPUT, "id: not a UUID");
    if (!one_of(c->kind, kinds))
        return err_set(e, ERR_INPUT, "kind: \"%s\" is not entities, metrics or full", c->kind);
    if (!one_of(c->granularity, granularities))
        return err_set(e, ERR_INPUT, "granularity: \"%s\" is not day or hour", c->granularity);
    CHECK(one_of(c->trigger, triggers));
    return 0;
}

/* Entities have no range; an explicit one must lie within what the provider keeps, up to today in the account's zone.
 */
static int check_range(struct creating *c, const char *provider_name, const char *zone_name, struct err *e)
{
    const struct provider *provider = provider_find(provider_name);
    const struct zone *zone = NULL;
    if (provider == NULL)
        return err_set(e, ERR_CONFLICT, "connection %s is of %s, which this program cannot sync", c->connection_id,
                       provider_name);
    if (strcmp(c->kind, "entities") == 0)
        c->from = c->to = DATE_NONE;
    if (c->from == DATE_NONE && c->to == DATE_NONE)
        return 0;
    int rc = zone_get(zone_name, &zone, e);
    if (rc != 0)
        return rc;
    const date_t today = zone_day(zone, clk_wall_ms());
    if (c->from == DATE_NONE)
        return err_set(e, ERR_INPUT, "from: missing beside to");
    if (c->to == DATE_NONE)
        c->to = today;
    return range_check(c->from, c->to, today, provider->history_months(strcmp(c->granularity, "hour") == 0), e);
}

static int check_connection(const struct creating *c, const struct db_results *r, struct err *e)
{
    if (db_rows(r, 0) == 0)
        return err_set(e, ERR_NOT_FOUND, "there is no connection %s", c->connection_id);
    const char *status = db_text(r, 0, 0, 2), *reason = db_text(r, 0, 0, 3);
    if (strcmp(status, "active") != 0)
        return err_set(e, ERR_CONFLICT, "connection %s is %s%s%s", c->connection_id, status,
                       reason[0] == '\0' ? "" : ": ", reason);
    if (strcmp(db_text(r, 0, 0, 4), "none") == 0)
        return err_set(e, ERR_CONFLICT, "connection %s has no token", c->connection_id);
    return 0;
}

static void on_connection(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct creating *c = arg;
    struct err why = {0};
    if (rc != 0)
        (void)err_copy(&why, e);
    if (rc == 0)
        rc = check_words(c, &why);
    if (rc == 0)
        rc = check_connection(c, r, &why);
    if (rc == 0)
        rc = check_range(c, db_text(r, 0, 0, 0), db_text(r, 0, 0, 1), &why);
    if (rc == 0)
        create_insert(c);
    else
        create_end(c, rc, NULL, &why);
}

void run_create(struct db_pool *p, const struct run_request *r,
                void (*done)(void *arg, int rc, const struct run_answer *a, const struct err *e), void *arg)
{
    struct creating *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->pool = p;
    c->done = done;
    c->arg = arg;
    c->force = r->force;
    c->interactive = r->interactive;
    c->from = r->from;
    c->to = r->to;
    c->due_at_ms = r->due_at_ms;
    if (r->id == NULL)
        uuid_make(c->id);
    else
        c->id_bad = !uuid_valid(r->id) || !str_copy(c->id, sizeof c->id, r->id);
    (void)str_copy(c->kind, sizeof c->kind, r->kind);
    (void)str_copy(c->trigger, sizeof c->trigger, r->trigger);
    (void)str_copy(c->granularity, sizeof c->granularity, r->granularity);
    /* What is no UUID is no connection: PostgreSQL is asked for none. */
    const bool valid = uuid_valid(r->connection_id);
    (void)str_copy(c->connection_id, sizeof c->connection_id, r->connection_id);
    struct tx *t = tx_new(p);
    (void)TX_ADD(t, "run_connection", valid ? r->connection_id : NULL);
    tx_run(t, on_connection, c);
}

/* ---- cancelling ---- */

struct cancelling {
    char id[UUID_TEXT];
    int status, cancelled; /* steps */
    void (*done)(void *arg, int rc, const char *const *chunk_ids, int count, const struct err *e);
    void *arg;
};

static void on_cancel(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct cancelling *c = arg;
    struct err why = {0};
    const char **ids = NULL;
    int count = 0;
    if (rc != 0) {
        (void)err_copy(&why, e);
    } else if (db_rows(r, c->status) == 0) {
        rc = err_set(&why, ERR_NOT_FOUND, "there is no run %s", c->id);
    } else if (!db_bool(r, c->status, 0, 1)) {
        rc = err_set(&why, ERR_CONFLICT, "run %s has ended already: %s", c->id, db_text(r, c->status, 0, 0));
    } else {
        count = db_rows(r, c->cancelled);
        ids = calloc((size_t)count + 1, sizeof *ids);
        CHECK(ids != NULL);
        for (int i = 0; i < count; i++)
            ids[i] = db_text(r, c->cancelled, i, 0);
    }
    c->done(c->arg, rc, ids, count, rc == 0 ? NULL : &why);
    free(ids);
    free(c);
}

void run_cancel(struct db_pool *p, const char *id,
                void (*done)(void *arg, int rc, const char *const *chunk_ids, int count, const struct err *e),
                void *arg)
{
    struct cancelling *c = calloc(1, sizeof *c);
    struct tx *t = tx_new(p);
    const char *run = uuid_valid(id) ? id : NULL;
    CHECK(c != NULL);
    c->done = done;
    c->arg = arg;
    (void)str_copy(c->id, sizeof c->id, id);
    (void)TX_ADD(t, "run_chunks_lock", run);
    c->status =
        tx_add(t, "SELECT status, status IN ('queued', 'running') FROM sync_runs WHERE id = $1::uuid FOR UPDATE",
               TX_PARAMS(run));
    (void)tx_add(t,
                 "UPDATE sync_runs SET status = 'cancelled', finished_at = now()"
                 " WHERE id = $1::uuid AND status IN ('queued', 'running')",
                 TX_PARAMS(run));
    c->cancelled = TX_ADD(t, "run_chunks_cancel", run);
    (void)TX_ADD(t, "run_cursors_drop", run);
    (void)TX_ADD(t, "run_staged_facts_drop", run);
    (void)TX_ADD(t, "run_staged_entities_drop", run);
    (void)TX_ADD(t, "run_settle", NULL, run == NULL ? NULL : tx_array(t, &run, 1), NULL);
    tx_run(t, on_cancel, c);
}
