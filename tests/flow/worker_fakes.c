#include "tests/flow/worker_fakes.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/http_client.h"
#include "common/io/redis.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct worker_fakes fakes;

int redis_new(struct loop *l, const char *url, const char *client_name, struct redis **out, struct err *e)
{
    (void)l, (void)url, (void)client_name, (void)e;
    *out = &fakes.wake_redis;
    return 0;
}

bool redis_ready(const struct redis *r)
{
    (void)r;
    return fakes.redis_up;
}

void redis_on_state(struct redis *r, void (*changed)(void *arg, bool connected), void *arg)
{
    r->changed = changed;
    r->arg = arg;
}

void redis_close(struct redis *r, void (*closed)(void *arg), void *arg)
{
    assert_false(r->closed);
    r->closed = true;
    loop_defer(fakes.loop, closed, arg);
}

bool db_pool_ready(const struct db_pool *p)
{
    (void)p;
    return fakes.db_up;
}

struct http_client *http_client_new(struct loop *l, const struct http_client_options *o)
{
    (void)l, (void)o;
    return NULL;
}

void http_client_close(struct http_client *c, void (*closed)(void *arg), void *arg)
{
    (void)c;
    fakes.http_closed = true;
    loop_defer(fakes.loop, closed, arg);
}

void queue_claim(struct queue *queue, const char *id, int want, int want_low, int64_t lease_ms,
                 void (*done)(void *, int, const struct queue_claimed *, int, int64_t, const struct err *), void *arg)
{
    (void)queue, (void)id, (void)lease_ms;
    assert_null(fakes.claimed);
    fakes.claimed = done;
    fakes.claimed_arg = arg;
    fakes.want = want;
    fakes.want_low = want_low;
}

void queue_beat(struct queue *queue, const char *id, const char *info, int64_t lease_ms, const struct queue_beat *list,
                int count, void (*done)(void *, int, const enum beat_word *, int, const struct err *), void *arg)
{
    (void)queue, (void)id, (void)info, (void)lease_ms, (void)list;
    assert_null(fakes.beaten);
    assert_int_equal(count, fakes.job_count);
    fakes.beaten = done;
    fakes.beaten_arg = arg;
    fakes.beats++;
}

struct job *job_start(struct job_context *x, const struct queue_claimed *claimed, int64_t claimed_at_ms)
{
    struct job *j = mem_new(1, sizeof *j);
    (void)claimed_at_ms;
    assert_true(fakes.job_count < SLOTS);
    j->x = x;
    (void)str_copy(j->id, sizeof j->id, claimed->id);
    fakes.jobs[fakes.job_count++] = j;
    return j;
}

const char *job_id(const struct job *j)
{
    return j->id;
}

const char *job_token(const struct job *j)
{
    return j->id;
}

int job_page(const struct job *j)
{
    (void)j;
    return 1;
}

int64_t job_rows(const struct job *j)
{
    (void)j;
    return 0;
}

void fakes_end_job(struct job *j)
{
    for (int i = 0; i < fakes.job_count; i++) {
        if (fakes.jobs[i] == j) {
            fakes.jobs[i] = fakes.jobs[--fakes.job_count];
            break;
        }
    }
    j->x->ended(j, j->x->arg);
    free(j);
}

void job_lost(struct job *j)
{
    fakes.lost++;
    fakes_end_job(j);
}

void job_redis_back(struct job *j)
{
    j->back++;
}

void job_hurry(struct job *j)
{
    fakes_end_job(j);
}
