#include "common/base/clk.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "tests/flow/redis_fakes.h"
#include "tests/flow/watch_fakes.h"
#include "tests/memory/refuse.h"
#include "worker/job_flow.h"
#include "worker/worker.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLOTS = 8 };

/* The worker's loop is real; its queue, its jobs and its connections are played. */
struct job {
    struct job_context *x;
    char id[40];
    int back, hurried;
};
struct redis {
    void (*changed)(void *arg, bool connected);
    void *arg;
    bool closed;
};
static struct redis main_redis, wake_redis;
static struct settings settings;
static struct service service;
static struct worker *worker;
static bool redis_up, db_up, http_closed;
static int stopped;
static struct job *jobs[SLOTS];
static int job_count;

static struct {
    void (*claimed)(void *, int, const struct queue_claimed *, int, int64_t, const struct err *);
    void *claimed_arg;
    int want, want_low;
    void (*beaten)(void *, int, const enum beat_word *, int, const struct err *);
    void *beaten_arg;
    int beats, lost;
} q;

int redis_new(struct loop *l, const char *url, const char *client_name, struct redis **out, struct err *e)
{
    (void)l, (void)url, (void)client_name, (void)e;
    *out = &wake_redis;
    return 0;
}

bool redis_ready(const struct redis *r)
{
    (void)r;
    return redis_up;
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
    loop_defer(service.loop, closed, arg);
}

bool db_pool_ready(const struct db_pool *p)
{
    (void)p;
    return db_up;
}

struct http_client *http_client_new(struct loop *l, const struct http_client_options *o)
{
    (void)l, (void)o;
    return NULL;
}

void http_client_close(struct http_client *c, void (*closed)(void *arg), void *arg)
{
    (void)c;
    http_closed = true;
    loop_defer(service.loop, closed, arg);
}

void queue_claim(struct queue *queue, const char *id, int want, int want_low, int64_t lease_ms,
                 void (*done)(void *, int, const struct queue_claimed *, int, int64_t, const struct err *), void *arg)
{
    (void)queue, (void)id, (void)lease_ms;
    assert_null(q.claimed);
    q.claimed = done;
    q.claimed_arg = arg;
    q.want = want;
    q.want_low = want_low;
}

void queue_beat(struct queue *queue, const char *id, const char *info, int64_t lease_ms, const struct queue_beat *list,
                int count, void (*done)(void *, int, const enum beat_word *, int, const struct err *), void *arg)
{
    (void)queue, (void)id, (void)info, (void)lease_ms, (void)list;
    assert_null(q.beaten);
    assert_int_equal(count, job_count);
    q.beaten = done;
    q.beaten_arg = arg;
    q.beats++;
}

struct job *job_start(struct job_context *x, const struct queue_claimed *claimed, int64_t claimed_at_ms)
{
    struct job *j = mem_new(1, sizeof *j);
    (void)claimed_at_ms;
    assert_true(job_count < SLOTS);
    j->x = x;
    (void)str_copy(j->id, sizeof j->id, claimed->id);
    jobs[job_count++] = j;
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

static void end_job(struct job *j)
{
    for (int i = 0; i < job_count; i++) {
        if (jobs[i] == j) {
            jobs[i] = jobs[--job_count];
            break;
        }
    }
    j->x->ended(j, j->x->arg);
    free(j);
}

void job_lost(struct job *j)
{
    q.lost++;
    end_job(j);
}

void job_redis_back(struct job *j)
{
    j->back++;
}

void job_hurry(struct job *j)
{
    end_job(j);
}

/* ---- what the tests do ---- */

static void turn(void)
{
    for (int i = 0; i < 3; i++)
        loop_turn(service.loop);
}

static void claimed(int count, int64_t next_ms)
{
    static int serial;
    struct queue_claimed list[SLOTS];
    void (*done)(void *, int, const struct queue_claimed *, int, int64_t, const struct err *) = q.claimed;
    assert_non_null(done);
    q.claimed = NULL;
    for (int i = 0; i < count; i++) {
        list[i] = (struct queue_claimed){0};
        (void)snprintf(list[i].id, sizeof list[i].id, "job%d", serial);
        (void)snprintf(list[i].token, sizeof list[i].token, "job%d", serial++);
    }
    done(q.claimed_arg, 0, list, count, next_ms, NULL);
    turn();
}

static void beaten(int rc, const enum beat_word *words)
{
    struct err e = {.rc = rc};
    void (*done)(void *, int, const enum beat_word *, int, const struct err *) = q.beaten;
    assert_non_null(done);
    q.beaten = NULL;
    done(q.beaten_arg, rc, words, rc == 0 ? job_count : 0, &e);
    turn();
}

static void on_stopped(void *arg)
{
    (void)arg;
    stopped++;
}

static void stop(void)
{
    worker_stop(worker, on_stopped, NULL);
    turn();
}

static int setup(void **state)
{
    (void)state;
    redis_fakes_reset();
    settings = (struct settings){.queue_prefix = "p",
                                 .redis_url = "redis://127.0.0.1/0",
                                 .worker_concurrency = SLOTS,
                                 .lease_seconds = 30,
                                 .shutdown_grace_seconds = 25};
    service = (struct service){.settings = &settings, .loop = loop_new(), .redis = &main_redis};
    main_redis = wake_redis = (struct redis){0};
    redis_up = db_up = true;
    http_closed = false;
    watch_fakes = (struct watch_fakes){.loop = service.loop};
    stopped = job_count = 0;
    memset(&q, 0, sizeof q);
    assert_int_equal(worker_new(&service, &worker, NULL), 0);
    worker_start(worker);
    turn();
    return 0;
}

/* Every test ends with a worker that has stopped, or stops it here. */
static int teardown(void **state)
{
    (void)state;
    if (stopped == 0) {
        stop();
        while (job_count > 0)
            end_job(jobs[0]);
        if (q.claimed != NULL)
            claimed(0, -1);
        if (q.beaten != NULL)
            beaten(0, (const enum beat_word[SLOTS]){BEAT_GOOD});
        turn();
    }
    assert_int_equal(stopped, 1);
    assert_true(wake_redis.closed && http_closed);
    assert_null(main_redis.changed);
    redis_fakes_reset();
    worker_free(worker);
    loop_free(service.loop);
    return 0;
}

static void it_claims_at_once_and_waits_for_a_token(void **state)
{
    (void)state;
    assert_int_equal(q.beats, 1);
    assert_int_equal(q.want, SLOTS);
    assert_int_equal(q.want_low, SLOTS - 1); /* one in eight is kept from backfills */
    assert_string_equal(redis_fakes_command(), "BLPOP p:wake 2");
    claimed(0, -1);
    assert_null(q.claimed);
    redis_fakes_array();
    turn();
    assert_non_null(q.claimed);
    assert_string_equal(redis_fakes_command(), "BLPOP p:wake 2");
}

static void it_claims_until_nothing_comes_or_all_slots_are_taken(void **state)
{
    (void)state;
    claimed(3, 0);
    assert_int_equal(q.want, SLOTS - 3);
    claimed(0, -1);
    assert_null(q.claimed);
    end_job(jobs[0]);
    end_job(jobs[0]);
    turn();
    assert_int_equal(q.want, SLOTS - 1);
    claimed(SLOTS - 1, 0);
    assert_null(q.claimed);
    end_job(jobs[0]);
    turn();
    assert_int_equal(q.want, 1);
    assert_int_equal(q.want_low, 0 + 1 - SLOTS / 8);
}

static void what_happens_during_a_claim_is_claimed_after_it(void **state)
{
    (void)state;
    claimed(1, -1);
    assert_non_null(q.claimed);
    end_job(jobs[0]);
    turn();
    assert_int_equal(q.want, SLOTS - 1);
    claimed(0, -1);
    assert_int_equal(q.want, SLOTS);
}

static void a_full_worker_takes_no_token_and_passes_on_what_it_gets(void **state)
{
    (void)state;
    claimed(SLOTS, -1);
    redis_fakes_array();
    turn();
    assert_null(q.claimed);
    assert_string_equal(redis_fakes_command(), "LPUSH p:wake 1");
    redis_fakes_int(1);
    assert_int_equal(redis_fakes_waiting(), 0);
    end_job(jobs[0]);
    turn();
    assert_string_equal(redis_fakes_command(), "BLPOP p:wake 2");
}

static void a_refused_wait_for_tokens_is_taken_up_with_the_next_claim(void **state)
{
    (void)state;
    claimed(1, -1);
    redis_fakes_fail(ERR_REDIS);
    turn();
    assert_int_equal(redis_fakes_waiting(), 0);
    claimed(0, -1);
    end_job(jobs[0]);
    turn();
    assert_string_equal(redis_fakes_command(), "BLPOP p:wake 2");
}

static void without_a_server_or_memory_it_claims_nothing(void **state)
{
    (void)state;
    claimed(1, -1);
    claimed(0, -1);
    db_up = false;
    end_job(jobs[0]);
    turn();
    assert_null(q.claimed);
    db_up = true;
    redis_up = false;
    redis_fakes_array(); /* a token */
    turn();
    assert_null(q.claimed);
    redis_up = true;
    refuse_begin(REFUSE_GROWTH, 1);
    void *small = mem_new(1, MEM_SMALL); /* the reserve is used */
    redis_fakes_array();
    turn();
    assert_null(q.claimed);
    (void)refuse_end(NULL);
    free(small);
    main_redis.changed(main_redis.arg, true);
    turn();
    assert_non_null(q.claimed);
}

static void leases_are_kept_at_once_when_redis_is_back(void **state)
{
    (void)state;
    beaten(0, NULL);
    claimed(2, -1);
    claimed(0, -1);
    assert_int_equal(q.beats, 1);
    main_redis.changed(main_redis.arg, false);
    assert_int_equal(q.beats, 1);
    main_redis.changed(main_redis.arg, true);
    assert_int_equal(q.beats, 2);
    assert_int_equal(jobs[0]->back, 1);
    assert_int_equal(jobs[1]->back, 1);
    main_redis.changed(main_redis.arg, true); /* one beat at a time */
    assert_int_equal(q.beats, 2);
}

static void jobs_whose_lease_went_to_another_are_lost(void **state)
{
    (void)state;
    beaten(0, NULL);
    claimed(3, -1);
    claimed(0, -1);
    main_redis.changed(main_redis.arg, true);
    beaten(0, (const enum beat_word[]){BEAT_STALE, BEAT_GOOD, BEAT_STALE});
    assert_int_equal(q.lost, 2);
    assert_int_equal(job_count, 1);
}

static void an_idle_worker_stops_whatever_is_answered_last(void **state)
{
    (void)state;
    for (int order = 0; order < 3; order++) {
        if (order > 0) {
            teardown(state);
            setup(state);
        }
        watch_fakes.lingers = order == 2;
        stop();
        assert_int_equal(stopped, 0);
        if (order != 1)
            beaten(0, NULL);
        claimed(0, -1);
        if (order == 1)
            beaten(ERR_REDIS_AWAY, NULL);
        turn();
        if (order == 2) {
            assert_false(http_closed); /* a check of access still needs it */
            watch_fakes.ended(watch_fakes.arg);
            turn();
        }
        assert_int_equal(stopped, 1);
    }
}

static void a_stop_in_the_turn_of_a_mark_is_a_stop(void **state)
{
    (void)state;
    beaten(0, NULL);
    claimed(1, -1);
    claimed(0, -1);
    end_job(jobs[0]); /* marks a claim for the next turn */
    worker_stop(worker, on_stopped, NULL);
    turn();
    assert_int_equal(stopped, 1);
}

static void a_worker_with_jobs_waits_for_them(void **state)
{
    (void)state;
    beaten(0, NULL);
    claimed(2, -1);
    stop();
    claimed(1, -1); /* came with the claim that was under way */
    assert_int_equal(job_count, 3);
    while (job_count > 0) {
        assert_int_equal(stopped, 0);
        end_job(jobs[0]);
        turn();
    }
    assert_int_equal(stopped, 1);
    assert_null(q.claimed);
}

static void shortly_before_the_end_of_the_grace_time_jobs_are_hurried(void **state)
{
    (void)state;
    settings.shutdown_grace_seconds = 1; /* less than what hurrying needs: at once */
    beaten(0, NULL);
    claimed(3, -1);
    claimed(0, -1);
    worker_stop(worker, on_stopped, NULL);
    const int *done = &stopped;
    loop_run_until(service.loop, done);
    assert_int_equal(job_count, 0);
}

static void a_missing_key_is_forgiven_when_it_was_not_missed_for_long(void **state)
{
    (void)state;
    clk_fake(1000, 1000000);
    beaten(0, NULL);
    claimed(1, -1);
    service.not_ready = "no key";
    jobs[0]->x->not_ready_at_ms = clk_mono_ms();
    clk_fake_advance(180000);
    main_redis.changed(main_redis.arg, true);
    assert_non_null(service.not_ready);
    beaten(0, (const enum beat_word[]){BEAT_GOOD});
    clk_fake_advance(1);
    main_redis.changed(main_redis.arg, true);
    assert_null(service.not_ready);
    clk_real();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(it_claims_at_once_and_waits_for_a_token),
        CASE(it_claims_until_nothing_comes_or_all_slots_are_taken),
        CASE(what_happens_during_a_claim_is_claimed_after_it),
        CASE(a_full_worker_takes_no_token_and_passes_on_what_it_gets),
        CASE(a_refused_wait_for_tokens_is_taken_up_with_the_next_claim),
        CASE(without_a_server_or_memory_it_claims_nothing),
        CASE(leases_are_kept_at_once_when_redis_is_back),
        CASE(jobs_whose_lease_went_to_another_are_lost),
        CASE(an_idle_worker_stops_whatever_is_answered_last),
        CASE(a_stop_in_the_turn_of_a_mark_is_a_stop),
        CASE(a_worker_with_jobs_waits_for_them),
        CASE(shortly_before_the_end_of_the_grace_time_jobs_are_hurried),
        CASE(a_missing_key_is_forgiven_when_it_was_not_missed_for_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
