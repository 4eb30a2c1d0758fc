#pragma once
#include "common/io/loop.h"
#include "common/store/queue.h"
#include "worker/job_flow.h"
#include <stdbool.h>
/* What a worker runs on, played for its tests: connections, queue and jobs. The loop is real. */
enum { SLOTS = 8 };

struct job {
    struct job_context *x;
    char id[40];
    int back; /* so often it heard that Redis is back */
};

struct redis {
    void (*changed)(void *arg, bool connected);
    void *arg;
    bool closed;
};

struct worker_fakes {
    struct loop *loop;
    struct redis main_redis, wake_redis;
    bool redis_up, db_up, http_closed;
    struct job *jobs[SLOTS];
    int job_count, lost;
    /* a claim under way, and how many jobs it wants */
    void (*claimed)(void *, int, const struct queue_claimed *, int, int64_t, const struct err *);
    void *claimed_arg;
    int want, want_low;
    /* a beat under way */
    void (*beaten)(void *, int, const enum beat_word *, int, const struct err *);
    void *beaten_arg;
    int beats;
};
extern struct worker_fakes fakes;

void fakes_end_job(struct job *j);
