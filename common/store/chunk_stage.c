#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/chunk_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

enum after_page { NEXT_PAGE, CHECK_AGAIN, READ_AGAIN };

struct staging {
    struct chunk *chunk;
    enum after_page after;
    int row_count;
    char *next; /* owned */
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

/* The chunk as the commit left it. */
static void move_on(struct staging *s)
{
    struct chunk *c = s->chunk;
    c->blocked_ms = c->app_blocked_ms = 0;
    c->booked = true;
    free(c->cursor);
    c->cursor = s->next;
    s->next = NULL;
    c->page++;
    c->rows += s->row_count;
    c->calls++;
    if (s->after == NEXT_PAGE)
        return;
    c->checking = s->after == CHECK_AGAIN;
    c->slice.kind = c->checking ? SLICE_TOTALS : SLICE_FACTS;
    if (!c->checking) {
        c->reread = true;
        c->page = 1;
        c->rows = 0;
    }
}

static void on_staged(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct staging *s = arg;
    (void)r;
    if (rc == 0)
        move_on(s);
    s->done(s->arg, rc, e);
    free(s->next);
    free(s);
}

static void run_staging(struct tx *t, struct staging staging)
{
    struct staging *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    *s = staging;
    chunk_add_block(t, s->chunk);
    (void)TX_ADD(t, "ledger_book", s->chunk->id);
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
    (void)TX_ADD(t, "chunk_read_again", c->id, tx_int(t, c->epoch));
    run_staging(t, (struct staging){.chunk = c, .after = READ_AGAIN, .done = done, .arg = arg});
}
