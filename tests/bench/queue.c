#include "common/store/queue.h"
#include "common/base/check.h"
#include "tests/bench/driver.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A worker that finishes what it claims at once: what the queue costs when the work is free. Claims are asked for while
 * the finishes of the batches before are under way, `depth` claims at a time. */

enum { DEPTH = 4, LEASE_MS = 30000, PUT_AT_ONCE = 1000 };

struct bench {
    struct loop *loop;
    struct queue *queue;
    int batch;
    int64_t jobs, claimed, finished;
    int done;
};

static void claim(struct bench *b);

static void on_added(void *arg, int rc, int added, const struct err *e)
{
    struct bench *b = arg;
    must(rc, e, "enqueue");
    b->jobs += added;
    b->done = 1;
}

static void on_finished(void *arg, int rc, bool stale, const struct err *e)
{
    struct bench *b = arg;
    must(rc, e, "finish");
    CHECK(!stale);
    if (++b->finished == b->jobs)
        b->done = 1;
}

static void on_claimed(void *arg, int rc, const struct queue_claimed *jobs, int count, int64_t next_ms,
                       const struct err *e)
{
    struct bench *b = arg;
    (void)next_ms;
    must(rc, e, "claim");
    for (int i = 0; i < count; i++) {
        const struct queue_finish f = {.id = jobs[i].id,
                                       .token = jobs[i].token,
                                       .how = FINISH_DONE,
                                       .feedback = {.calls = 1, .account = QUOTA_UNSAID, .app = QUOTA_UNSAID}};
        queue_finish(b->queue, &f, on_finished, b);
    }
    b->claimed += count;
    if (b->claimed < b->jobs)
        claim(b);
}

static void claim(struct bench *b)
{
    queue_claim(b->queue, "bench", b->batch, b->batch, LEASE_MS, on_claimed, b);
}

static void wait(struct bench *b)
{
    loop_run_until(b->loop, &b->done);
    b->done = 0;
}

/* Jobs are spread over accounts, one connection each. */
static void put_in(struct bench *b, int64_t first, int64_t count, int64_t accounts)
{
    static struct {
        char id[40], account[32];
    } names[PUT_AT_ONCE];
    struct queue_job jobs[PUT_AT_ONCE];
    CHECK(count <= PUT_AT_ONCE);
    for (int64_t i = 0; i < count; i++) {
        (void)snprintf(names[i].id, sizeof names[i].id, "job-%" PRId64, first + i);
        (void)snprintf(names[i].account, sizeof names[i].account, "act_%" PRId64, (first + i) % accounts);
        jobs[i] = (struct queue_job){.id = names[i].id,
                                     .run_id = "run",
                                     .connection_id = names[i].account,
                                     .provider = "meta",
                                     .account = names[i].account,
                                     .kind = "metrics",
                                     .lane = "low",
                                     .from = "2026-10-01",
                                     .to = "2026-10-07"};
    }
    queue_enqueue(b->queue, jobs, (int)count, on_added, b);
    wait(b);
}

static void on_state(void *arg, bool connected)
{
    struct bench *b = arg;
    b->done = connected;
}

static void on_closed(void *arg)
{
    struct bench *b = arg;
    b->done = 1;
}

int bench_queue(int argc, char **argv)
{
    (void)argc;
    struct bench b = {.loop = loop_new(), .batch = (int)number_arg(argv[4])};
    struct redis *r = NULL;
    struct err e = {0};
    const int64_t jobs = number_arg(argv[2]), accounts = number_arg(argv[3]);
    double start;

    must(redis_new(b.loop, argv[0], "bench", &r, &e), &e, argv[0]);
    redis_on_state(r, on_state, &b);
    wait(&b);
    redis_on_state(r, NULL, NULL);
    b.queue = queue_new(r, argv[1]);
    start = seconds_now();
    for (int64_t i = 0; i < jobs; i += PUT_AT_ONCE)
        put_in(&b, i, jobs - i < PUT_AT_ONCE ? jobs - i : PUT_AT_ONCE, accounts);
    say("enqueue", seconds_now() - start);
    CHECK(b.jobs == jobs);
    start = seconds_now();
    for (int i = 0; i < DEPTH; i++)
        claim(&b);
    wait(&b);
    say("drain", seconds_now() - start);
    queue_free(b.queue);
    redis_close(r, on_closed, &b);
    wait(&b);
    loop_free(b.loop);
    return 0;
}
