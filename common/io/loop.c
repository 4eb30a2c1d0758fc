#include "common/io/loop.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

/* libuv 1.44: a timer that re-arms itself with 0 ms starves I/O for ever; so "next turn" is an idle handle here, and no
 * timer is shorter than 1 ms. */

struct call {
    void (*fn)(void *arg);
    void *arg;
    struct call *next;
};

struct job {
    uv_work_t req;
    struct loop *loop;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
    struct job *next;
};

struct timer {
    uv_timer_t handle;
    void (*fn)(void *arg);
    void *arg;
};

struct loop {
    uv_loop_t uv;
    uv_idle_t idle; /* runs while calls are deferred */
    struct call *calls, **calls_end;
    struct job *jobs, **jobs_end; /* waiting for a core */
    unsigned jobs_running, cores;
    uv_signal_t signals[2];
    bool signals_open, stopping;
    void (*stop)(void *arg);
    void *stop_arg;
};

/* Threads beyond the cores serve what waits instead of computing: name lookups and cancel requests. */
enum { WAITING_THREADS = 4 };

struct loop *loop_new(void)
{
    struct loop *l = mem_new(1, sizeof *l);
    CHECK(uv_replace_allocator(mem_lend, mem_resize, mem_lend_zeroed, free) == 0); /* refused, it would abort */
    l->cores = uv_available_parallelism();
    char threads[16];
    snprintf(threads, sizeof threads, "%u", l->cores + WAITING_THREADS);
    setenv("UV_THREADPOOL_SIZE", threads, 0); /* read once, at the first use of the pool */
    signal(SIGPIPE, SIG_IGN);

    CHECK(uv_loop_init(&l->uv) == 0);
    CHECK(uv_idle_init(&l->uv, &l->idle) == 0);
    l->idle.data = l;
    l->calls_end = &l->calls;
    l->jobs_end = &l->jobs;
    return l;
}

void loop_run(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_turn(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_NOWAIT);
}

void loop_run_until(struct loop *l, const int *done)
{
    while (!*done) {
        int more = uv_run(&l->uv, UV_RUN_ONCE);
        CHECK(more || *done); /* nothing is left that could make it true */
    }
}

void loop_free(struct loop *l)
{
    loop_turn(l); /* frees what was deferred or is closing */
    CHECK(!l->calls && !l->jobs_running && !l->signals_open);
    uv_close((uv_handle_t *)&l->idle, NULL);
    loop_turn(l);
    CHECK(uv_loop_close(&l->uv) == 0);
    free(l);
}

struct uv_loop_s *loop_uv(struct loop *l)
{
    return &l->uv;
}

static void on_idle(uv_idle_t *idle)
{
    struct loop *l = idle->data;
    struct call *call = l->calls;

    /* What these calls defer in turn belongs to the next turn. */
    l->calls = NULL;
    l->calls_end = &l->calls;
    while (call) {
        struct call *next = call->next;
        call->fn(call->arg);
        free(call);
        call = next;
    }
    if (!l->calls)
        uv_idle_stop(idle);
}

void loop_defer(struct loop *l, void (*fn)(void *arg), void *arg)
{
    struct call *call = mem_new(1, sizeof *call);
    call->fn = fn;
    call->arg = arg;
    *l->calls_end = call;
    l->calls_end = &call->next;
    uv_idle_start(&l->idle, on_idle);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_timer(uv_timer_t *handle)
{
    struct timer *t = handle->data;
    uv_close((uv_handle_t *)handle, on_timer_closed);
    t->fn(t->arg);
}

struct timer *timer_start(struct loop *l, int64_t after_ms, void (*fn)(void *arg), void *arg)
{
    struct timer *t = mem_new(1, sizeof *t);
    t->fn = fn;
    t->arg = arg;
    CHECK(uv_timer_init(&l->uv, &t->handle) == 0);
    t->handle.data = t;
    uv_update_time(&l->uv); /* its cached time is as old as this turn */
    CHECK(uv_timer_start(&t->handle, on_timer, after_ms > 0 ? (uint64_t)after_ms : 1, 0) == 0);
    return t;
}

void timer_cancel(struct timer *t)
{
    if (t)
        uv_close((uv_handle_t *)&t->handle, on_timer_closed);
}

static void on_work(uv_work_t *req)
{
    struct job *job = req->data;
    job->work(job->arg);
}

static void start_jobs(struct loop *l);

static void on_work_done(uv_work_t *req, int status)
{
    struct job *job = req->data;
    CHECK(status == 0); /* nobody cancels these requests */
    job->loop->jobs_running--;
    start_jobs(job->loop);
    job->done(job->arg);
    free(job);
}

static void start_jobs(struct loop *l)
{
    while (l->jobs && l->jobs_running < l->cores) {
        struct job *job = l->jobs;
        l->jobs = job->next;
        if (!l->jobs)
            l->jobs_end = &l->jobs;
        l->jobs_running++;
        CHECK(uv_queue_work(&l->uv, &job->req, on_work, on_work_done) == 0);
    }
}

void loop_work(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
    struct job *job = mem_new(1, sizeof *job);
    job->req.data = job;
    job->loop = l;
    job->work = work;
    job->done = done;
    job->arg = arg;
    *l->jobs_end = job;
    l->jobs_end = &job->next;
    start_jobs(l);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct loop *l = handle->data;
    (void)number;
    if (l->stopping)
        _exit(1);
    l->stopping = true;
    l->stop(l->stop_arg);
}

void loop_on_stop(struct loop *l, void (*stop)(void *arg), void *arg)
{
    static const int numbers[] = {SIGTERM, SIGINT};

    CHECK(!l->signals_open);
    l->stop = stop;
    l->stop_arg = arg;
    l->signals_open = true;
    for (int i = 0; i < 2; i++) {
        CHECK(uv_signal_init(&l->uv, &l->signals[i]) == 0);
        l->signals[i].data = l;
        CHECK(uv_signal_start(&l->signals[i], on_signal, numbers[i]) == 0);
    }
}

void loop_ignore_stop(struct loop *l)
{
    if (!l->signals_open)
        return;
    l->signals_open = false;
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&l->signals[i], NULL);
}
