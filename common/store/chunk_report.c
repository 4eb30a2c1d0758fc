#include "common/base/mem.h"
#include "common/store/chunk_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

struct reporting {
    struct chunk *chunk;
    bool ready; /* else it is dropped */
    int book;   /* the step that books the next call */
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void on_done(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct reporting *f = arg;
    struct chunk *c = f->chunk;
    if (rc == 0) {
        chunk_read_booking(r, f->book, c);
        c->said = c->app_said = QUOTA_UNSAID;
        c->calls++;
        c->page = 1;
        c->rows = 0;
        free(c->cursor);
        c->cursor = NULL;
        c->report.ready = f->ready;
        if (!f->ready)
            c->report.id[0] = '\0';
        chunk_ask_facts(c);
    }
    f->done(f->arg, rc, e);
    free(f);
}

static void run(struct db_pool *p, struct reporting reporting)
{
    struct reporting *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    struct chunk *c = reporting.chunk;
    *f = reporting;
    chunk_add_fence(t, c, c->page);
    (void)TX_ADD(t, f->ready ? "report_ready" : "report_drop", c->id);
    (void)TX_ADD(t, "staged_facts_drop", c->id);
    (void)TX_ADD(t, "chunk_start_again", c->id, tx_int(t, c->epoch));
    (void)chunk_add_block(t, c);
    f->book = chunk_add_booking(t, c->id);
    tx_run(t, on_done, f);
}

void chunk_report_ready(struct db_pool *p, struct chunk *c, void (*done)(void *arg, int rc, const struct err *e),
                        void *arg)
{
    run(p, (struct reporting){.chunk = c, .ready = true, .done = done, .arg = arg});
}

void chunk_report_anew(struct db_pool *p, struct chunk *c, void (*done)(void *arg, int rc, const struct err *e),
                       void *arg)
{
    run(p, (struct reporting){.chunk = c, .done = done, .arg = arg});
}
