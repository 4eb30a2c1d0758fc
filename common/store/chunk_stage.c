#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/chunk_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

enum after_page { NEXT_PAGE, CHECK_AGAIN, READ_AGAIN, LOOK_UP };

struct staging {
    struct chunk *chunk;
    enum after_page after;
    int row_count;
    int lookups, book; /* steps: what is looked up (of LOOK_UP), and the next call */
    char *next;        /* owned */
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void move_on_to_lookups(const struct staging *s, const struct db_results *r)
{
    struct chunk *c = s->chunk;
    chunk_read_lookups(r, s->lookups, c);
    if (c->slice.kind == SLICE_CAMPAIGNS) {
        c->rows = 0;
        chunk_ask_facts(c);
        return;
    }
    c->stubs = false;
    c->slice.kind = SLICE_LOOKUPS;
}

/* The chunk as the commit left it. */
static void move_on(struct staging *s, const struct db_results *r)
{
    struct chunk *c = s->chunk;
    c->said = c->app_said = QUOTA_UNSAID;
    chunk_read_booking(r, s->book, c);
    free(c->cursor);
    c->cursor = s->next;
    s->next = NULL;
    c->page++;
    c->rows += s->row_count;
    c->calls++;
    if (s->after == LOOK_UP)
        move_on_to_lookups(s, r);
    if (s->after == NEXT_PAGE || s->after == LOOK_UP)
        return;
    c->checking = s->after == CHECK_AGAIN;
    c->slice.kind = SLICE_TOTALS;
    c->slice.report = NULL;
    if (!c->checking) {
        c->slice.lookup_count = 0;
        c->report = (struct chunk_report){.made = c->report.made};
        chunk_ask_facts(c);
        c->reread = true;
        c->page = 1;
        c->rows = 0;
    }
}

static void on_staged(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct staging *s = arg;
    if (rc == 0)
        move_on(s, r);
    s->done(s->arg, rc, e);
    free(s->next);
    free(s);
}

static void run_staging(struct tx *t, struct staging staging)
{
    struct staging *s = mem_new(1, sizeof *s);
    *s = staging;
    (void)chunk_add_block(t, s->chunk);
    s->book = chunk_add_booking(t, s->chunk->id);
    tx_run(t, on_staged, s);
}

static struct tx *page_tx(struct db_pool *p, const struct chunk *c, const struct buf *rows, int row_count)
{
    struct tx *t = tx_new(p);
    chunk_add_fence(t, c, c->page);
    chunk_add_page(t, c, rows, row_count);
    return t;
}

void chunk_stage(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count, const char *next,
                 void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = page_tx(p, c, rows, row_count);
    (void)TX_ADD(t, "chunk_stage", c->id, tx_int(t, c->epoch), next, tx_int(t, row_count));
    run_staging(t,
                (struct staging){.chunk = c, .row_count = row_count, .next = str_dup(next), .done = done, .arg = arg});
}

void chunk_check_again(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count,
                       void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = page_tx(p, c, rows, row_count);
    (void)TX_ADD(t, "chunk_check_again", c->id, tx_int(t, c->epoch), tx_int(t, row_count));
    run_staging(t,
                (struct staging){.chunk = c, .after = CHECK_AGAIN, .row_count = row_count, .done = done, .arg = arg});
}

void chunk_read_again(struct db_pool *p, struct chunk *c, const struct buf *totals,
                      void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = page_tx(p, c, totals, 0);
    chunk_add_totals_end(t, c);
    (void)TX_ADD(t, "staged_facts_drop", c->id);
    (void)TX_ADD(t, "report_drop", c->id);
    (void)TX_ADD(t, "chunk_read_again", c->id, tx_int(t, c->epoch));
    run_staging(t, (struct staging){.chunk = c, .after = READ_AGAIN, .done = done, .arg = arg});
}

void chunk_look_up(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count,
                   void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = page_tx(p, c, rows, row_count);
    if (c->slice.kind == SLICE_CAMPAIGNS) {
        (void)TX_ADD(t, "chunk_by_campaign", c->id, tx_int(t, c->epoch));
        (void)TX_ADD(t, "staged_entities_drop", c->id);
        row_count = 0;
    } else {
        (void)TX_ADD(t, "chunk_look_up", c->id, tx_int(t, c->epoch), tx_int(t, row_count), c->connection_id,
                     tx_int(t, CHUNK_LOOKUPS_MAX));
    }
    const int lookups = chunk_add_lookups(t, c->id);
    run_staging(
        t, (struct staging){
               .chunk = c, .after = LOOK_UP, .row_count = row_count, .lookups = lookups, .done = done, .arg = arg});
}
