#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/store/chunk_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

struct putting_back {
    struct chunk *chunk;
    bool dead;
    int state; /* the step that tells how the run stands */
    struct block_steps block;
    void (*done)(void *arg, int rc, bool dead, const struct run_state *r, const struct err *e);
    void *arg;
};

static void on_put_back(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct putting_back *b = arg;
    struct run_state state = {0};
    if (rc == 0) {
        chunk_read_state(r, b->state, &state);
        chunk_read_block(r, b->block, b->chunk);
    }
    b->done(b->arg, rc, rc == 0 && b->dead, rc == 0 ? &state : NULL, e);
    free(b);
}

/* With the token that the connection still has; all its open chunks are locked, in order. */
static void add_refused_guards(struct tx *t, const struct chunk *c)
{
    (void)TX_ADD(t, "connection_chunks_lock", c->connection_id);
    (void)tx_add(t, "SELECT connection_token_must_be($1::uuid, $2)", TX_PARAMS(c->connection_id, c->token_enc));
}

/* The account itself is refused: everything that is open for it ends, for the same reason. */
static void add_refused_steps(struct tx *t, const struct chunk *c, const char *status, const struct err *why)
{
    const char *code = err_name(why->rc);
    (void)TX_ADD(t, "connection_chunks_dead", c->connection_id, code, why->text);
    (void)TX_ADD(t, "connection_staged_sweep_facts", c->connection_id);
    (void)TX_ADD(t, "connection_staged_sweep_entities", c->connection_id);
    (void)TX_ADD(t, "dead_days", c->connection_id, NULL);
    (void)TX_ADD(t, "run_lock", c->connection_id, NULL, NULL);
    (void)TX_ADD(t, "connection_runs_give_up", c->connection_id, code, why->text);
    chunk_add_settle(t, c->connection_id, NULL, NULL);
    (void)TX_ADD(t, "connection_refused", c->connection_id, status, why->text, code);
}

/* What is new of the report that the provider makes of it. */
static void add_report(struct tx *t, const struct chunk *c)
{
    if (c->report.is_new)
        (void)TX_ADD(t, "report_made", c->id, c->report.id);
    else if (c->report.was_polled)
        (void)TX_ADD(t, "report_polled", c->id, tx_int(t, c->report.percent));
}

/* A dead letter, for which nobody but itself is to blame. */
static void add_dead_steps(struct tx *t, const struct chunk *c)
{
    (void)TX_ADD(t, "dead_days", NULL, c->id);
    chunk_add_settle(t, NULL, c->run_id, NULL);
    (void)TX_ADD(t, "connection_synced", c->connection_id, c->run_id, NULL);
}

/* Of a job that only waits the reason is no matter, unless it waits for a person: a setting is wrong. */
static bool is_told(enum chunk_fate fate, const struct err *why)
{
    return why != NULL && (fate != CHUNK_YIELD || why->rc == ERR_SETTING || why->rc == ERR_CRYPTO);
}

void chunk_put_back(struct db_pool *p, struct chunk *c, enum chunk_fate fate, int64_t delay_ms, int max_attempts,
                    int calls, const char *connection_status, const struct err *why,
                    void (*done)(void *arg, int rc, bool dead, const struct run_state *r, const struct err *e),
                    void *arg)
{
    const bool failed = fate == CHUNK_RETRY || fate == CHUNK_RESTART;
    const bool dead = fate == CHUNK_DEAD || connection_status != NULL || (failed && c->attempts + 1 >= max_attempts);
    const bool forget = dead || fate == CHUNK_RESTART;
    const bool told = is_told(fate, why);
    struct putting_back *b = mem_new(1, sizeof *b);
    struct tx *t = tx_new(p);
    CHECK(connection_status == NULL || why != NULL);
    *b = (struct putting_back){.chunk = c, .dead = dead, .done = done, .arg = arg};

    if (connection_status != NULL)
        add_refused_guards(t, c);
    chunk_add_fence(t, c, 0);
    add_report(t, c);
    (void)TX_ADD(t, "chunk_put_back", c->id, dead ? "dead" : "queued", forget ? "true" : "false",
                 fate == CHUNK_YIELD ? "0" : "1", tx_int(t, calls), tx_int(t, delay_ms),
                 told ? err_name(why->rc) : NULL, told ? why->text : NULL);
    if (forget) {
        (void)TX_ADD(t, "chunk_cursor_drop", c->id);
        chunk_add_sweep(t, c->id);
    }
    if (dead && connection_status == NULL)
        add_dead_steps(t, c);
    if (connection_status != NULL)
        add_refused_steps(t, c, connection_status, why);
    b->state = chunk_add_state(t, c);
    b->block = chunk_add_block(t, c);
    if (c->booked_s > 0 && fate == CHUNK_YIELD)
        (void)TX_ADD(t, "ledger_unbook", c->id, tx_int(t, c->booked_s));
    tx_run(t, on_put_back, b);
}
