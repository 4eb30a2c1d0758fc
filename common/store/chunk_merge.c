#include "common/base/mem.h"
#include "common/store/chunk_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

/* The merge is one list of SQL steps; what each does stands in its file. Locks are taken in one order everywhere:
 * chunks by id, days ascending (or the row of entity_listings), entities by level and id, facts, runs by id, the
 * connection. */

enum { MERGE_MS_MAX = 600000 }; /* a slice of some hundred thousand rows on a busy disk */

struct merging {
    struct chunk *chunk;
    int row_count, state; /* the step that tells how the run stands */
    void (*done)(void *arg, int rc, const struct run_state *r, const struct err *e);
    void *arg;
};

/* Rows with foreign keys come now. Under the merge's plan_cache_mode the check of each would be planned for itself. */
static void begin_inserts(struct tx *t)
{
    (void)tx_add(t, "SELECT set_config('plan_cache_mode', 'auto', true)", NULL, 0);
    tx_plan_afresh(t, true);
}

static void add_fact_steps(struct tx *t, const struct chunk *c, bool as_it_is)
{
    const bool hourly = c->slice.hourly;
    const char *(*text)(const char *name) = hourly ? sql_text_hourly : sql_text;
    const char *granularity = hourly ? "hour" : "day", *provider = c->provider->name;
    const char *from = tx_date(t, c->slice.from), *to = tx_date(t, c->slice.to);
    const char *currency = c->currency, *zone = c->timezone;

    (void)TX_ADD(t, "fact_days_add", c->connection_id, granularity, from, to);
    (void)TX_ADD(t, "fact_days_lock", c->connection_id, granularity, from, to, c->id);
    (void)TX_ADD(t, "fact_trim_days", c->id, c->connection_id, granularity, from, to);
    (void)tx_add(t, text("fact_trim_repeats"), TX_PARAMS(c->id));
    if (c->shape.rung == RUNG_PARTS)
        (void)TX_ADD(t, "fact_join_parts", c->id);
    (void)TX_ADD(t, "fact_sums", c->id, c->connection_id, granularity, from, to, c->run_id, zone,
                 tx_int(t, c->provider->money_digits(currency)));
    (void)tx_add(t, text("fact_gone"), TX_PARAMS(c->id, c->connection_id, from, to));
    (void)tx_add(t, "SELECT chunk_judge_gone($1::uuid)", TX_PARAMS(c->id));
    (void)TX_ADD(t, "fact_judge", c->id, c->connection_id, granularity, from, to, as_it_is ? "true" : "false",
                 c->shape.rung == RUNG_REPORT ? "true" : "false");
    if (hourly)
        (void)TX_ADD(t, "fact_trim_hourless", c->id);
    begin_inserts(t);
    (void)TX_ADD(t, "stub_campaigns", c->id, c->connection_id, c->workspace_id, provider);
    (void)TX_ADD(t, "stub_adsets", c->id, c->connection_id, c->workspace_id, provider);
    (void)TX_ADD(t, "stub_ads", c->id, c->connection_id, c->workspace_id, provider);
    if (!hourly)
        (void)TX_ADD(t, "fact_restatements", c->id, c->connection_id, currency, zone, from, to, c->run_id);
    (void)tx_add(t, text("fact_insert"),
                 TX_PARAMS(c->id, c->connection_id, c->workspace_id, provider, currency, zone, from, to));
    (void)tx_add(t, text("fact_update"), TX_PARAMS(c->id, c->connection_id, currency, zone, from, to));
    (void)tx_add(t, text("fact_delete"), TX_PARAMS(c->id, c->connection_id, from, to));
    (void)TX_ADD(t, "fact_days_close", c->id, c->connection_id, granularity, from, to, c->run_id);
    (void)TX_ADD(t, "fact_found_drop", c->id);
}

static void add_entity_steps(struct tx *t, const struct chunk *c)
{
    const char *provider = c->provider->name;
    (void)tx_add(t, "INSERT INTO entity_listings (connection_id) VALUES ($1::uuid) ON CONFLICT DO NOTHING",
                 TX_PARAMS(c->connection_id));
    (void)TX_ADD(t, "entity_lock", c->connection_id, c->id);
    (void)TX_ADD(t, "entity_trim_older", c->id, c->connection_id);
    (void)TX_ADD(t, "entity_trim_repeats", c->id);
    begin_inserts(t);
    (void)TX_ADD(t, "entity_insert", c->id, c->connection_id, c->workspace_id, provider, "campaign");
    (void)TX_ADD(t, "stub_campaigns", c->id, c->connection_id, c->workspace_id, provider);
    (void)TX_ADD(t, "entity_insert", c->id, c->connection_id, c->workspace_id, provider, "adset");
    (void)TX_ADD(t, "stub_adsets", c->id, c->connection_id, c->workspace_id, provider);
    (void)TX_ADD(t, "entity_insert", c->id, c->connection_id, c->workspace_id, provider, "ad");
    (void)TX_ADD(t, "entity_listing_doubt", c->id, c->connection_id);
    (void)TX_ADD(t, "entity_update", c->id, c->connection_id, "campaign");
    (void)TX_ADD(t, "entity_update", c->id, c->connection_id, "adset");
    (void)TX_ADD(t, "entity_update", c->id, c->connection_id, "ad");
    (void)TX_ADD(t, "entity_vanish", c->id, c->connection_id);
    (void)TX_ADD(t, "entity_follow", c->id, c->connection_id);
    (void)TX_ADD(t, "entity_listing_close", c->id, c->connection_id, c->run_id);
}

static void on_merge(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct merging *m = arg;
    struct run_state state = {0};
    if (rc == 0) {
        m->chunk->rows += m->row_count;
        m->chunk->calls++;
        chunk_read_state(r, m->state, &state);
    }
    m->done(m->arg, rc, rc == 0 ? &state : NULL, e);
    free(m);
}

void chunk_merge(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count, bool as_it_is,
                 void (*done)(void *arg, int rc, const struct run_state *r, const struct err *e), void *arg)
{
    const bool entities = c->slice.kind == SLICE_ENTITIES || c->slice.kind == SLICE_LOOKUPS,
               facts = !entities && !c->totals;
    struct merging *m = mem_new(1, sizeof *m);
    struct tx *t = tx_new(p);
    *m = (struct merging){.chunk = c, .row_count = row_count, .done = done, .arg = arg};
    chunk_add_fence(t, c, c->page);
    chunk_add_page(t, c, rows, row_count);
    if (c->totals || (c->checking && !as_it_is))
        chunk_add_totals_end(t, c);
    (void)tx_add(t, sql_text("merge_settings"), NULL, 0);
    if (facts)
        add_fact_steps(t, c, as_it_is);
    else if (entities)
        add_entity_steps(t, c);
    tx_plan_afresh(t, false);
    (void)tx_add(t, sql_text("merge_settings_end"), NULL, 0);
    (void)TX_ADD(t, "chunk_close", c->id, tx_int(t, row_count));
    (void)TX_ADD(t, "limits_learn", c->id);
    (void)TX_ADD(t, "chunk_cursor_drop", c->id);
    chunk_add_sweep(t, c->id);
    chunk_add_settle(t, NULL, c->run_id, NULL);
    (void)TX_ADD(t, "run_totals_drop", c->run_id);
    (void)TX_ADD(t, "connection_synced", c->connection_id, c->run_id,
                 facts && !c->slice.hourly ? tx_date(t, c->slice.to) : NULL);
    m->state = chunk_add_state(t, c);
    (void)chunk_add_block(t, c);
    tx_allow(t, MERGE_MS_MAX);
    tx_run(t, on_merge, m);
}
