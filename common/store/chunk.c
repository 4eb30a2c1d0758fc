#include "common/store/chunk.h"
#include "common/base/clk.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/base/zone.h"
#include "common/plan/range_plan.h"
#include "common/store/budget.h"
#include "common/store/chunk_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>
#include <string.h>

void chunk_clear(struct chunk *c)
{
    free(c->cursor);
    free(c->token_enc);
    free(c->lookups);
    c->cursor = NULL;
    c->token_enc = NULL;
    c->lookups = NULL;
}

void chunk_ask_facts(struct chunk *c)
{
    const bool report = c->shape.rung == RUNG_REPORT;
    c->slice.kind = report && !c->report.ready                                      ? SLICE_REPORT
                    : c->shape.rung == RUNG_CAMPAIGNS && c->slice.lookup_count == 0 ? SLICE_CAMPAIGNS
                                                                                    : SLICE_FACTS;
    c->slice.report = report && c->report.id[0] != '\0' ? c->report.id : NULL;
    c->slice.in_parts = c->shape.rung == RUNG_PARTS;
}

/* ---- steps that several operations share ---- */

void chunk_add_fence(struct tx *t, const struct chunk *c, int page)
{
    (void)tx_add(t, "SELECT chunk_fence($1::uuid, $2::bigint, $3::int)",
                 TX_PARAMS(c->id, tx_int(t, c->epoch), page == 0 ? NULL : tx_int(t, page)));
}

void chunk_add_page(struct tx *t, const struct chunk *c, const struct buf *rows, int row_count)
{
    if (c->slice.kind == SLICE_TOTALS && rows->len > 0)
        (void)TX_ADD(t, "totals_store", c->run_id, buf_str(rows));
    else if (row_count > 0)
        (void)tx_copy(
            t, c->slice.kind == SLICE_FACTS ? "COPY chunk_facts FROM STDIN" : "COPY chunk_entities FROM STDIN", rows);
}

int chunk_add_lookups(struct tx *t, const char *chunk_id)
{
    return TX_ADD(t, "chunk_lookups", chunk_id);
}

int chunk_add_booking(struct tx *t, const char *chunk_id)
{
    return TX_ADD(t, "ledger_book", chunk_id);
}

void chunk_read_booking(const struct db_results *r, int step, struct chunk *c)
{
    c->held = db_rows(r, step) == 0;
    c->booked_s = c->held ? 0 : db_int(r, step, 0, 0);
}

/* Copies text to where *room stands, and moves that behind it. */
static const char *put(char **room, const char *text)
{
    char *at = *room;
    const size_t size = strlen(text) + 1;
    memcpy(at, text, size);
    *room += size;
    return at;
}

/* One block: the list, and the texts behind it. */
void chunk_read_lookups(const struct db_results *r, int step, struct chunk *c)
{
    const int count = db_rows(r, step);
    size_t bytes = (size_t)count * sizeof *c->lookups;
    for (int i = 0; i < count; i++)
        bytes += strlen(db_text(r, step, i, 0)) + strlen(db_text(r, step, i, 1)) + 2;
    free(c->lookups);
    c->lookups = mem_new(1, bytes + 1);
    char *text = (char *)&c->lookups[count];
    for (int i = 0; i < count; i++) {
        c->lookups[i].level = put(&text, db_text(r, step, i, 0));
        c->lookups[i].external_id = put(&text, db_text(r, step, i, 1));
    }
    c->slice.lookups = c->lookups;
    c->slice.lookup_count = count;
}

struct block_steps chunk_add_block(struct tx *t, const struct chunk *c)
{
    struct budget_scope account, app;
    struct block_steps steps;
    budget_scope_account(&account, c->provider->name, c->account, 0, 1);
    budget_scope_app(&app, c->provider->name, 0, 1);
    steps.app = budget_add_block(t, &app, &c->app_said);
    steps.account = budget_add_block(t, &account, &c->said);
    return steps;
}

void chunk_read_block(const struct db_results *r, struct block_steps steps, struct chunk *c)
{
    int64_t of_app;
    budget_read_block(r, steps.app, &c->app_said, &of_app);
    budget_read_block(r, steps.account, &c->said, &c->allowed);
}

void chunk_add_totals_end(struct tx *t, const struct chunk *c)
{
    (void)TX_ADD(t, "totals_fill", c->id, c->run_id, tx_date(t, c->slice.from), tx_date(t, c->slice.to));
}

void chunk_add_sweep(struct tx *t, const char *chunk_id)
{
    (void)TX_ADD(t, "staged_facts_sweep", chunk_id);
    (void)TX_ADD(t, "staged_entities_sweep", chunk_id);
}

void chunk_add_settle(struct tx *t, const char *connection_id, const char *run_id, const char *dead_chunk_id)
{
    const char *runs = run_id == NULL ? NULL : tx_array(t, &run_id, 1);
    (void)TX_ADD(t, "run_lock", connection_id, runs, dead_chunk_id);
    (void)TX_ADD(t, "run_settle", connection_id, runs, dead_chunk_id);
}

int chunk_add_state(struct tx *t, const struct chunk *c)
{
    return TX_ADD(t, "run_state", c->run_id, c->id);
}

void chunk_read_state(const struct db_results *r, int step, struct run_state *out)
{
    memset(out, 0, sizeof *out);
    if (db_rows(r, step) == 0)
        return;
    (void)str_copy(out->status, sizeof out->status, db_text(r, step, 0, 0));
    out->chunks_total = db_int(r, step, 0, 1);
    out->chunks_done = db_int(r, step, 0, 2);
    out->chunks_dead = db_int(r, step, 0, 3);
    out->rows = db_int(r, step, 0, 4);
    out->calls = db_int(r, step, 0, 5);
    out->ended = db_bool(r, step, 0, 6);
    out->plan = db_bool(r, step, 0, 7);
    out->inserted = db_int(r, step, 0, 8);
    out->updated = db_int(r, step, 0, 9);
    out->unchanged = db_int(r, step, 0, 10);
    out->removed = db_int(r, step, 0, 11);
}

/* ---- opening ---- */

struct opening {
    int read, lookups, book; /* steps: everything, what is looked up, and the first call */
    void (*done)(void *arg, int rc, struct chunk *c, const struct err *e);
    void *arg;
};

static char *text_or_null(const struct db_results *r, int step, int col)
{
    return db_is_null(r, step, 0, col) ? NULL : str_dup(db_text(r, step, 0, col));
}

/* Days that the provider has dropped since the chunk was planned would spoil the whole answer: Meta, 3018. */
static void leave_out_dropped_days(struct chunk *c)
{
    const struct zone *zone = NULL;
    if (c->provider == NULL || c->slice.from == DATE_NONE || zone_get(c->timezone, &zone, NULL) != 0)
        return;
    const date_t oldest = range_oldest(zone_day(zone, clk_wall_ms()), c->provider->history_months(c->slice.hourly));
    if (c->slice.from < oldest && c->slice.to >= oldest)
        c->slice.from = oldest;
}

/* Columns as in chunk_open_read.sql. */
static struct chunk *read_chunk(const struct db_results *r, int step, const char *id)
{
    struct chunk *c = mem_new(1, sizeof *c);
    (void)str_copy(c->id, sizeof c->id, id);
    (void)str_copy(c->run_id, sizeof c->run_id, db_text(r, step, 0, 1));
    (void)str_copy(c->connection_id, sizeof c->connection_id, db_text(r, step, 0, 2));
    (void)str_copy(c->workspace_id, sizeof c->workspace_id, db_text(r, step, 0, 3));
    c->provider = provider_find(db_text(r, step, 0, 4));
    (void)str_copy(c->account, sizeof c->account, db_text(r, step, 0, 5));
    (void)str_copy(c->currency, sizeof c->currency, db_text(r, step, 0, 6));
    (void)str_copy(c->timezone, sizeof c->timezone, db_text(r, step, 0, 7));
    c->totals = db_bool(r, step, 0, 24);
    c->checking = db_bool(r, step, 0, 25);
    c->reread = db_bool(r, step, 0, 26);
    c->slice = (struct slice){
        .kind = db_bool(r, step, 0, 28)                           ? SLICE_LOOKUPS
                : strcmp(db_text(r, step, 0, 8), "entities") == 0 ? SLICE_ENTITIES
                : c->totals || c->checking                        ? SLICE_TOTALS
                                                                  : SLICE_FACTS,
        .account = c->account,
        .currency = c->currency,
        .from = db_date(r, step, 0, 9),
        .to = db_date(r, step, 0, 10),
        .hourly = strcmp(db_text(r, step, 0, 11), "hour") == 0,
        .since_s = db_is_null(r, step, 0, 27) ? 0 : db_int(r, step, 0, 27),
    };
    c->stubs = db_bool(r, step, 0, 29);
    (void)str_copy(c->lane, sizeof c->lane, db_text(r, step, 0, 12));
    c->shape = (struct shape){.rung = (enum rung)db_int(r, step, 0, 30),
                              .page_limit = (int)db_int(r, step, 0, 31),
                              .days_limit = (int)db_int(r, step, 0, 32)};
    (void)str_copy(c->report.id, sizeof c->report.id, db_text(r, step, 0, 33));
    c->report.made = (int)db_int(r, step, 0, 34);
    c->report.polls = (int)db_int(r, step, 0, 35);
    c->report.percent = (int)db_int(r, step, 0, 36);
    c->report.age_s = db_int(r, step, 0, 37);
    c->report.still_s = db_int(r, step, 0, 38);
    c->report.ready = db_bool(r, step, 0, 39);
    c->blocked_ms = db_int(r, step, 0, 40);
    c->app_blocked_ms = db_int(r, step, 0, 41);
    c->epoch = db_int(r, step, 0, 13);
    c->attempts = (int)db_int(r, step, 0, 14);
    c->deliveries = (int)db_int(r, step, 0, 15);
    c->page = (int)db_int(r, step, 0, 16);
    c->cursor = text_or_null(r, step, 17);
    c->rows = db_int(r, step, 0, 18);
    c->calls = db_int(r, step, 0, 19);
    c->token_enc = text_or_null(r, step, 21);
    leave_out_dropped_days(c);
    return c;
}

static void on_open(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct opening *o = arg;
    struct err why = {0};
    struct chunk *c = NULL;
    if (rc != 0) {
        (void)err_copy(&why, e);
    } else if (strcmp(db_text(r, o->read, 0, 0), "dead") == 0) {
        rc = err_set(&why, ERR_POISON, "%s", db_text(r, o->read, 0, 22));
    } else {
        c = read_chunk(r, o->read, db_text(r, o->read, 0, 23));
        chunk_read_lookups(r, o->lookups, c);
        if (c->slice.kind == SLICE_FACTS)
            chunk_ask_facts(c);
        chunk_read_booking(r, o->book, c);
        if (c->provider == NULL) {
            rc = err_set(&why, ERR_BUG, "this program knows no provider %s", db_text(r, o->read, 0, 4));
            chunk_clear(c);
            free(c);
            c = NULL;
        }
    }
    o->done(o->arg, rc, c, rc == 0 ? NULL : &why);
    free(o);
}

void chunk_open(struct db_pool *p, const char *id, const char *worker, int max_deliveries, bool again,
                void (*done)(void *arg, int rc, struct chunk *c, const struct err *e), void *arg)
{
    struct opening *o = mem_new(1, sizeof *o);
    struct tx *t = tx_new(p);
    o->done = done;
    o->arg = arg;
    (void)tx_add(t, "SELECT chunk_openable($1::uuid)", TX_PARAMS(id));
    (void)TX_ADD(t, "chunk_adopt_limits", id);
    (void)TX_ADD(t, "chunk_open", id, worker, tx_int(t, max_deliveries), again ? "t" : "f");
    (void)TX_ADD(t, "chunk_open_cursor", id);
    chunk_add_sweep(t, id);
    (void)TX_ADD(t, "chunk_open_first_page", id);
    (void)TX_ADD(t, "dead_days", NULL, id);
    (void)TX_ADD(t, "chunk_run_started", id);
    chunk_add_settle(t, NULL, NULL, id);
    o->read = TX_ADD(t, "chunk_open_read", id);
    o->lookups = chunk_add_lookups(t, id);
    o->book = chunk_add_booking(t, id);
    tx_run(t, on_open, o);
}
