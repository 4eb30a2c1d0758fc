#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/store/chunk_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

struct shrinking {
    struct chunk *chunk;
    enum ladder_step step;
    struct shape shape;
    date_t from; /* of what is left of the range */
    int book;    /* the step that books the next call */
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

/* The chunk as the commit left it. */
static void move_on(const struct shrinking *s)
{
    struct chunk *c = s->chunk;
    if (c->shape.rung != s->shape.rung)
        c->report = (struct chunk_report){0};
    c->shape = s->shape;
    c->said = c->app_said = QUOTA_UNSAID;
    c->calls++;
    if (s->step == LADDER_PAGE)
        return;
    c->slice.from = s->from;
    c->slice.lookup_count = 0;
    if (c->slice.kind == SLICE_FACTS || c->slice.kind == SLICE_REPORT)
        chunk_ask_facts(c);
    free(c->cursor);
    c->cursor = NULL;
    c->page = 1;
    c->rows = 0;
}

static void on_shrunk(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct shrinking *s = arg;
    if (rc == 0) {
        move_on(s);
        chunk_read_booking(r, s->book, s->chunk);
    }
    s->done(s->arg, rc, e);
    free(s);
}

static const char *limit_or_null(struct tx *t, int limit)
{
    return limit == 0 ? NULL : tx_int(t, limit);
}

void chunk_shrink(struct db_pool *p, struct chunk *c, enum ladder_step step, const struct shape *shape,
                  void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct shrinking *s = mem_new(1, sizeof *s);
    struct tx *t = tx_new(p);
    CHECK(step != LADDER_END);
    *s = (struct shrinking){.chunk = c, .step = step, .shape = *shape, .from = c->slice.from, .done = done, .arg = arg};

    chunk_add_fence(t, c, c->page);
    (void)TX_ADD(t, "chunk_shrink", c->id, tx_int(t, shape->rung), limit_or_null(t, shape->page_limit),
                 limit_or_null(t, shape->days_limit));
    if (step == LADDER_PAGE) {
        (void)TX_ADD(t, "chunk_same_place", c->id, tx_int(t, c->epoch));
    } else {
        (void)TX_ADD(t, "staged_facts_drop", c->id);
        (void)TX_ADD(t, "chunk_start_again", c->id, tx_int(t, c->epoch));
    }
    if (step == LADDER_CUT) {
        s->from = c->slice.to - shape->days_limit + 1;
        (void)TX_ADD(t, "chunk_cut", c->id, tx_date(t, s->from));
        chunk_add_settle(t, NULL, c->run_id, NULL);
    }
    (void)chunk_add_block(t, c);
    s->book = chunk_add_booking(t, c->id);
    tx_run(t, on_shrunk, s);
}
