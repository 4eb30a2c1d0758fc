#include "common/base/clk.h"
#include "common/base/mem.h"
#include "tests/flow/redis_fakes.h"
#include "tests/flow/watch_fakes.h"
#include "tests/flow/worker_fakes.h"
#include "tests/memory/refuse.h"
#include "worker/worker.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct settings settings;
static struct service service;
static struct worker *worker;
static int stopped;

static void turn(void)
{
    for (int i = 0; i < 3; i++)
        loop_turn(service.loop);
}

static void claimed(int count, int64_t next_ms)
{
    static int serial;
    struct queue_claimed list[SLOTS];
    void (*done)(void *, int, const struct queue_claimed *, int, int64_t, const struct err *) = fakes.claimed;
    assert_non_null(done);
    fakes.claimed = NULL;
    for (int i = 0; i < count; i++) {
        list[i] = (struct queue_claimed){0};
        (void)snprintf(list[i].id, sizeof list[i].id, "job%d", serial);
        (void)snprintf(list[i].token, sizeof list[i].token, "job%d", serial++);
    }
    done(fakes.claimed_arg, 0, list, count, next_ms, NULL);
    turn();
}

static void beaten(int rc, const enum beat_word *words)
{
    struct err e = {.rc = rc};
    void (*done)(void *, int, const enum beat_word *, int, const struct err *) = fakes.beaten;
    assert_non_null(done);
    fakes.beaten = NULL;
    done(fakes.beaten_arg, rc, words, rc == 0 ? fakes.job_count : 0, &e);
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
    service = (struct service){.settings = &settings, .loop = loop_new(), .redis = &fakes.main_redis};
    fakes = (struct worker_fakes){.loop = service.loop, .redis_up = true, .db_up = true};
    watch_fakes = (struct watch_fakes){.loop = service.loop};
    stopped = 0;
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
        while (fakes.job_count > 0)
            fakes_end_job(fakes.jobs[0]);
        if (fakes.claimed != NULL)
            claimed(0, -1);
        if (fakes.beaten != NULL)
            beaten(0, (const enum beat_word[SLOTS]){BEAT_GOOD});
        turn();
    }
    assert_int_equal(stopped, 1);
    assert_true(fakes.wake_redis.closed && fakes.http_closed);
    assert_null(fakes.main_redis.changed);
    redis_fakes_reset();
    worker_free(worker);
    loop_free(service.loop);
    return 0;
}

static void it_claims_at_once_and_waits_for_a_token(void **state)
{
    (void)state;
    assert_int_equal(fakes.beats, 1);
    assert_int_equal(fakes.want, SLOTS);
    assert_int_equal(fakes.want_low, SLOTS - 1); /* one in eight is kept from backfills */
    assert_string_equal(redis_fakes_command(), "BLPOP p:wake 2");
    claimed(0, -1);
    assert_null(fakes.claimed);
    redis_fakes_array();
    turn();
    assert_non_null(fakes.claimed);
    assert_string_equal(redis_fakes_command(), "BLPOP p:wake 2");
}

static void it_claims_until_nothing_comes_or_all_slots_are_taken(void **state)
{
    (void)state;
    claimed(3, 0);
    assert_int_equal(fakes.want, SLOTS - 3);
    claimed(0, -1);
    assert_null(fakes.claimed);
    fakes_end_job(fakes.jobs[0]);
    fakes_end_job(fakes.jobs[0]);
    turn();
    assert_int_equal(fakes.want, SLOTS - 1);
    claimed(SLOTS - 1, 0);
    assert_null(fakes.claimed);
    fakes_end_job(fakes.jobs[0]);
    turn();
    assert_int_equal(fakes.want, 1);
    assert_int_equal(fakes.want_low, 0 + 1 - SLOTS / 8);
}

static void what_happens_during_a_claim_is_claimed_after_it(void **state)
{
    (void)state;
    claimed(1, -1);
    assert_non_null(fakes.claimed);
    fakes_end_job(fakes.jobs[0]);
    turn();
    assert_int_equal(fakes.want, SLOTS - 1);
    claimed(0, -1);
    assert_int_equal(fakes.want, SLOTS);
}

static void a_full_worker_takes_no_token_and_passes_on_what_it_gets(void **state)
{
    (void)state;
    claimed(SLOTS, -1);
    redis_fakes_array();
    turn();
    assert_null(fakes.claimed);
    assert_string_equal(redis_fakes_command(), "LPUSH p:wake 1");
    redis_fakes_int(1);
    assert_int_equal(redis_fakes_waiting(), 0);
    fakes_end_job(fakes.jobs[0]);
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
    fakes_end_job(fakes.jobs[0]);
    turn();
    assert_string_equal(redis_fakes_command(), "BLPOP p:wake 2");
}

static void without_a_server_or_memory_it_claims_nothing(void **state)
{
    (void)state;
    claimed(1, -1);
    claimed(0, -1);
    fakes.db_up = false;
    fakes_end_job(fakes.jobs[0]);
    turn();
    assert_null(fakes.claimed);
    fakes.db_up = true;
    fakes.redis_up = false;
    redis_fakes_array(); /* a token */
    turn();
    assert_null(fakes.claimed);
    fakes.redis_up = true;
    refuse_begin(REFUSE_GROWTH, 1);
    void *small = mem_new(1, MEM_SMALL); /* the reserve is used */
    redis_fakes_array();
    turn();
    assert_null(fakes.claimed);
    (void)refuse_end(NULL);
    free(small);
    fakes.main_redis.changed(fakes.main_redis.arg, true);
    turn();
    assert_non_null(fakes.claimed);
}

static void leases_are_kept_at_once_when_redis_is_back(void **state)
{
    (void)state;
    beaten(0, NULL);
    claimed(2, -1);
    claimed(0, -1);
    assert_int_equal(fakes.beats, 1);
    fakes.main_redis.changed(fakes.main_redis.arg, false);
    assert_int_equal(fakes.beats, 1);
    fakes.main_redis.changed(fakes.main_redis.arg, true);
    assert_int_equal(fakes.beats, 2);
    assert_int_equal(fakes.jobs[0]->back, 1);
    assert_int_equal(fakes.jobs[1]->back, 1);
    fakes.main_redis.changed(fakes.main_redis.arg, true); /* one beat at a time */
    assert_int_equal(fakes.beats, 2);
}

static void jobs_whose_lease_went_to_another_are_lost(void **state)
{
    (void)state;
    beaten(0, NULL);
    claimed(3, -1);
    claimed(0, -1);
    fakes.main_redis.changed(fakes.main_redis.arg, true);
    beaten(0, (const enum beat_word[]){BEAT_STALE, BEAT_GOOD, BEAT_STALE});
    assert_int_equal(fakes.lost, 2);
    assert_int_equal(fakes.job_count, 1);
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
            assert_false(fakes.http_closed); /* a check of access still needs it */
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
    fakes_end_job(fakes.jobs[0]); /* marks a claim for the next turn */
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
    assert_int_equal(fakes.job_count, 3);
    while (fakes.job_count > 0) {
        assert_int_equal(stopped, 0);
        fakes_end_job(fakes.jobs[0]);
        turn();
    }
    assert_int_equal(stopped, 1);
    assert_null(fakes.claimed);
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
    assert_int_equal(fakes.job_count, 0);
}

static void a_missing_key_is_forgiven_when_it_was_not_missed_for_long(void **state)
{
    (void)state;
    clk_fake(1000, 1000000);
    beaten(0, NULL);
    claimed(1, -1);
    service.not_ready = "no key";
    fakes.jobs[0]->x->not_ready_at_ms = clk_mono_ms();
    clk_fake_advance(180000);
    fakes.main_redis.changed(fakes.main_redis.arg, true);
    assert_non_null(service.not_ready);
    beaten(0, (const enum beat_word[]){BEAT_GOOD});
    clk_fake_advance(1);
    fakes.main_redis.changed(fakes.main_redis.arg, true);
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
