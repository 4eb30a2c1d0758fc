#include "common/base/clk.h"
#include "common/store/plan_store.h"
#include "common/store/queue.h"
#include "common/store/run_eta.h"
#include "scheduler/phase.h"
#include "scheduler/tick.h"
#include "tests/flow/redis_fakes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every part of a tick is played: what was asked for waits in `asked` until the test ends it. */
static struct {
    const char *asked; /* "" = nothing waits */
    void (*leased)(void *, int, bool, int64_t, const struct err *);
    void (*reaped)(void *, int, int, int, const struct err *);
    void (*tidied)(void *, int, int64_t, const struct err *);
    phase_done phase;
    void *arg;
    struct run_ids *planned;
    bool *more;
    bool removal_is_the_tests; /* else it ends by itself, behind the reaping */
} parts;

static struct settings settings = {.queue_prefix = "p", .retain_runs_days = 90};
static struct service service = {.settings = &settings};
static struct tick_memory memory;
static int ended;
static struct err problem = {.text = "as the test says"};

static void ask(const char *what, void *arg)
{
    assert_string_equal(parts.asked, "");
    parts.asked = what;
    parts.arg = arg;
}

static void ask_phase(const char *what, phase_done done, void *arg)
{
    ask(what, arg);
    parts.phase = done;
}

void plan_lease(struct db_pool *p, const char *holder, int64_t ttl_ms,
                void (*done)(void *, int, bool, int64_t, const struct err *), void *arg)
{
    (void)p, (void)ttl_ms;
    assert_string_equal(holder, "me");
    ask("lease", arg);
    parts.leased = done;
}

void plan_retain(struct db_pool *p, int64_t days, void (*done)(void *, int, int64_t, const struct err *), void *arg)
{
    (void)p;
    assert_int_equal(days, 90);
    ask("tidy", arg);
    parts.tidied = done;
}

void queue_reap(struct queue *q, int limit, void (*done)(void *, int, int, int, const struct err *), void *arg)
{
    (void)q;
    assert_int_equal(limit, 1000);
    ask("reap", arg);
    parts.reaped = done;
}

void run_eta_tell(struct db_pool *p, struct redis *r, const struct settings *s, int limit, phase_done done, void *arg)
{
    (void)p, (void)r, (void)s;
    assert_true(limit > 0);
    ask_phase("estimate", done, arg);
}

#define FLOW(start, name)                                                                                              \
    void start(struct service *s, bool *more, phase_done done, void *arg)                                              \
    {                                                                                                                  \
        (void)s;                                                                                                       \
        parts.more = more;                                                                                             \
        ask_phase(name, done, arg);                                                                                    \
    }
FLOW(requests_flow_start, "requests")
FLOW(due_flow_start, "due")
FLOW(removal_flow_start, "remove")
FLOW(news_flow_start, "telling")

void planning_flow_start(struct service *s, struct run_ids *planned, bool *more, phase_done done, void *arg)
{
    (void)s, (void)more;
    parts.planned = planned;
    ask_phase("planning", done, arg);
}

void enqueue_flow_start(struct service *s, const struct run_ids *runs, phase_done done, void *arg)
{
    (void)s;
    ask_phase(runs == NULL ? "look" : "enqueue", done, arg);
}

void run_ids_clear(struct run_ids *list)
{
    list->count = 0;
}

static void on_ended(void *arg)
{
    (void)arg;
    ended++;
}

static void start(void)
{
    ended = 0;
    parts.asked = "";
    assert_non_null(tick_start(&service, &memory, on_ended, NULL));
}

static int setup(void **state)
{
    (void)state;
    redis_fakes_reset();
    clk_fake(100000000, 100000000);
    /* No estimate comes between, but where a test is about them. */
    memory = (struct tick_memory){.holder = "me", .tidied_ms = clk_mono_ms(), .estimated_ms = INT64_MAX / 2};
    start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(ended, 1);
    assert_string_equal(parts.asked, "");
    clk_real();
    return 0;
}

static void *answer(const char *what)
{
    assert_string_equal(parts.asked, what);
    parts.asked = "";
    return parts.arg;
}

static void lease(int rc, bool leading)
{
    void *arg = answer("lease");
    problem.rc = rc;
    parts.leased(arg, rc, leading, 42, &problem);
}

static void sign(int64_t new_fields)
{
    assert_non_null(strstr(redis_fakes_command(), "HSET p:scheduler leader me "));
    redis_fakes_int(new_fields);
}

static void phase(const char *what, int rc)
{
    void *arg = answer(what);
    problem.rc = rc;
    parts.phase(arg, rc, &problem);
}

static void reap(int rc, int reaped, int promoted)
{
    void *arg = answer("reap");
    problem.rc = rc;
    parts.reaped(arg, rc, reaped, promoted, &problem);
    if (reaped < 1000 && promoted < 1000 && !parts.removal_is_the_tests)
        phase("remove", rc);
}

static void to_planning(void)
{
    lease(0, true);
    sign(0);
    phase("requests", 0);
    phase("due", 0);
}

/* All but the jobs. */
static void to_jobs(void)
{
    to_planning();
    phase("planning", 0);
    phase("telling", 0);
}

/* A whole tick in which nothing is to be done. */
static void quiet_tick(void)
{
    start();
    to_jobs();
    reap(0, 0, 0);
    assert_int_equal(ended, 1);
}

/* The rest of it when all is looked at. */
static void look(void)
{
    phase("look", 0);
    reap(0, 0, 0);
    assert_int_equal(ended, 1);
}

static void first_tick(void)
{
    to_jobs();
    look(); /* who begins to lead looks at all */
}

static void who_does_not_lead_does_nothing(void **state)
{
    (void)state;
    lease(0, false);
    assert_int_equal(ended, 1);
    assert_int_equal(redis_fakes_waiting(), 0);
    start();
    lease(ERR_DB_AWAY, false);
}

static void new_runs_are_put_in_and_all_is_looked_at_now_and_then(void **state)
{
    (void)state;
    first_tick();
    clk_fake_advance(4000);
    start();
    to_planning();
    parts.planned->count = 2;
    phase("planning", 0);
    phase("telling", 0);
    phase("enqueue", 0);
    reap(0, 0, 0);
    clk_fake_advance(1000);
    start();
    to_jobs();
    clk_fake_advance(700); /* it takes so long: the next one after ten times that */
    look();
    clk_fake_advance(6900);
    quiet_tick();
    clk_fake_advance(100);
    start();
    to_jobs();
    look();
}

static void when_redis_has_lost_its_data_all_is_looked_at(void **state)
{
    (void)state;
    first_tick();
    start();
    lease(0, true);
    sign(4);
    phase("requests", 0);
    phase("due", 0);
    phase("planning", 0);
    phase("telling", 0);
    look();
}

static void a_look_that_is_asked_for_during_one_is_not_forgotten(void **state)
{
    (void)state;
    to_jobs();
    memory.look_at_all = true;
    look();
    start();
    to_jobs();
    look();
}

static void no_phase_that_fails_keeps_the_others_from_their_work(void **state)
{
    static const int failures[] = {ERR_DB, ERR_REDIS, ERR_TIMEOUT, ERR_CONFLICT};
    (void)state;
    first_tick();
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        start();
        lease(0, true);
        redis_fakes_fail(failures[i]);
        phase("requests", failures[i]);
        phase("due", failures[i]);
        parts.planned->count = 1;
        phase("planning", failures[i]); /* its first batch is stored */
        phase("telling", failures[i]);
        phase("enqueue", failures[i]);
        phase("look", failures[i]); /* what was not put in is found by a look at all */
        reap(failures[i], 0, 0);
        assert_int_equal(ended, 1);
    }
    quiet_tick(); /* the look has failed, but not every tick is one */
}

static void without_a_server_the_tick_is_over_and_all_is_looked_at_later(void **state)
{
    static const int failures[] = {ERR_DB_AWAY, ERR_REDIS_AWAY, ERR_CANCELED};
    (void)state;
    first_tick();
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        memory.look_at_all = false;
        start();
        lease(0, true);
        redis_fakes_fail(failures[i]);
        assert_int_equal(ended, 1);
        assert_true(memory.look_at_all);
        memory.look_at_all = false;
        start();
        lease(0, true);
        sign(0);
        phase("requests", failures[i]);
        assert_int_equal(ended, 1);
        assert_true(memory.look_at_all);
    }
}

static void runs_under_way_are_estimated_now_and_then(void **state)
{
    (void)state;
    first_tick();
    memory.estimated_ms = clk_mono_ms();
    clk_fake_advance(2900);
    quiet_tick();
    clk_fake_advance(100);
    start();
    to_jobs();
    reap(0, 0, 0);
    clk_fake_advance(200); /* it takes so long: the next one after twenty times that */
    phase("estimate", ERR_REDIS);
    assert_int_equal(ended, 1);
    memory.look_at_all = false;
    memory.looked_at_all_ms = clk_mono_ms() + 10000;
    clk_fake_advance(3900);
    quiet_tick();
    clk_fake_advance(100);
    start();
    to_jobs();
    reap(0, 0, 0);
    phase("estimate", 0);
}

static void reaping_goes_on_while_there_is_more(void **state)
{
    (void)state;
    to_jobs();
    phase("look", 0);
    reap(0, 1000, 0);
    reap(0, 0, 1000);
    reap(0, 999, 999);
}

static void old_runs_are_deleted_once_an_hour(void **state)
{
    (void)state;
    first_tick();
    for (int rc = 0; rc >= ERR_DB; rc += ERR_DB) { /* also when it failed */
        clk_fake_advance(3600000);
        start();
        to_jobs();
        phase("look", 0);
        reap(0, 0, 0);
        void *arg = answer("tidy");
        problem.rc = rc;
        parts.tidied(arg, rc, 7, &problem);
        assert_int_equal(ended, 1);
        quiet_tick();
    }
}

static void what_is_left_over_is_remembered_until_the_next_tick(void **state)
{
    (void)state;
    lease(0, true);
    sign(0);
    *parts.more = true;
    phase("requests", 0);
    phase("due", 0);
    phase("planning", 0);
    phase("telling", 0);
    look();
    assert_true(memory.more);
    quiet_tick();
    assert_false(memory.more);
}

static void what_was_deleted_is_removed_step_by_step(void **state)
{
    (void)state;
    to_jobs();
    phase("look", 0);
    parts.removal_is_the_tests = true;
    reap(0, 0, 0);
    *parts.more = true;
    phase("remove", 0);
    parts.removal_is_the_tests = false;
    assert_int_equal(ended, 1);
    assert_true(memory.more);
}

static void a_stop_waits_for_the_phase_only(void **state)
{
    (void)state;
    lease(0, true);
    sign(0);
    memory.stopping = true;
    phase("requests", 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(who_does_not_lead_does_nothing),
        CASE(new_runs_are_put_in_and_all_is_looked_at_now_and_then),
        CASE(when_redis_has_lost_its_data_all_is_looked_at),
        CASE(a_look_that_is_asked_for_during_one_is_not_forgotten),
        CASE(no_phase_that_fails_keeps_the_others_from_their_work),
        CASE(without_a_server_the_tick_is_over_and_all_is_looked_at_later),
        CASE(runs_under_way_are_estimated_now_and_then),
        CASE(reaping_goes_on_while_there_is_more),
        CASE(old_runs_are_deleted_once_an_hour),
        CASE(what_is_left_over_is_remembered_until_the_next_tick),
        CASE(what_was_deleted_is_removed_step_by_step),
        CASE(a_stop_waits_for_the_phase_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
