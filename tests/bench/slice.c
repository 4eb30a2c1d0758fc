#include "common/base/check.h"
#include "common/store/chunk.h"
#include "tests/bench/driver.h"
#include <stdlib.h>

enum { PAGE_ROWS = 1000, DELIVERIES = 5 };
#define ROWS_BYTES_MAX ((size_t)64 << 20)

struct bench {
    struct loop *loop;
    struct db_pool *pool;
    struct chunk *chunk;
    struct run_state run;
    int done;
};

static void on_opened(void *arg, int rc, struct chunk *c, const struct err *e)
{
    struct bench *b = arg;
    must(rc, e, "open");
    b->chunk = c;
    b->done = 1;
}

static void on_staged(void *arg, int rc, const struct err *e)
{
    struct bench *b = arg;
    must(rc, e, "stage");
    b->done = 1;
}

static void on_merged(void *arg, int rc, const struct run_state *r, const struct err *e)
{
    struct bench *b = arg;
    must(rc, e, "merge");
    b->run = *r;
    b->done = 1;
}

static void on_closed(void *arg)
{
    struct bench *b = arg;
    b->done = 1;
}

static void wait(struct bench *b)
{
    loop_run_until(b->loop, &b->done);
    b->done = 0;
}

/* Seconds of one page's transaction; the rows are made before the clock starts. */
static double put_page(struct bench *b, const struct rows_wanted *w, bool last)
{
    struct page page;
    struct buf rows;
    rows_make(w, &page);
    buf_init(&rows, ROWS_BYTES_MAX);
    chunk_rows_copy(b->chunk, &page, &rows);
    CHECK(!rows.overflow);
    double start = seconds_now();
    if (last)
        chunk_merge(b->pool, b->chunk, &rows, page.fact_count, true, on_merged, b);
    else
        chunk_stage(b->pool, b->chunk, &rows, page.fact_count, "more", on_staged, b);
    wait(b);
    double seconds = seconds_now() - start;
    buf_free(&rows);
    page_clear(&page);
    return seconds;
}

int bench_slice(int argc, char **argv)
{
    (void)argc;
    struct bench b = {.loop = loop_new()};
    struct err e = {0};
    const struct db_step warm = {.sql = "SELECT 1"};
    const int64_t rows = number_arg(argv[2]);
    struct rows_wanted w = {.ads = number_arg(argv[3]), .change_each = number_arg(argv[4])};
    double staging = 0, start;

    must(db_pool_new(b.loop, argv[0], 1, "bench", &b.pool, &e), &e, argv[0]);
    must(db_run_wait(b.loop, b.pool, DB_PLAIN, &warm, 1, NULL, NULL, &e), &e, "connect");
    start = seconds_now();
    chunk_open(b.pool, argv[1], "bench", DELIVERIES, false, on_opened, &b);
    wait(&b);
    say("open", seconds_now() - start);
    w.first_day = b.chunk->slice.from;
    w.count = PAGE_ROWS;
    for (; w.first + PAGE_ROWS < rows; w.first += PAGE_ROWS)
        staging += put_page(&b, &w, false);
    w.count = rows - w.first;
    say("stage", staging);
    say("merge", put_page(&b, &w, true)); /* with the last page's rows */
    say("inserted", (double)b.run.inserted);
    say("updated", (double)b.run.updated);
    say("unchanged", (double)b.run.unchanged);
    say("removed", (double)b.run.removed);

    chunk_clear(b.chunk);
    free(b.chunk);
    db_pool_close(b.pool, on_closed, &b);
    wait(&b);
    loop_free(b.loop);
    return 0;
}
