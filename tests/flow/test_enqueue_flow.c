#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/budget.h"
#include "common/store/queue.h"
#include "tests/flow/phase_fakes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 1000 };

static struct settings settings = {.queue_prefix = "p", .meta_calls_per_window = 200, .meta_window_seconds = 3600};
static struct service service = {.settings = &settings};

/* What was asked for last; the test ends it. */
static struct {
    const char *asked;
    void (*jobs)(void *, int, const struct plan_job *, int, const char *, const struct err *);
    void (*missing)(void *, int, const bool *, int, const struct err *);
    void (*seeded)(void *, int, const struct err *);
    void (*enqueued)(void *, int, int, const struct err *);
    void *arg;
    char after[UUID_TEXT], run[UUID_TEXT];
    int runs, count;
    struct budget_scope scopes[8];
    struct queue_job first, last;
} store;

static void ask(const char *what, void *arg, int count)
{
    assert_string_equal(store.asked, "");
    store.asked = what;
    store.arg = arg;
    store.count = count;
}

void plan_open_jobs(struct db_pool *p, const char *const *run_ids, int run_count, const char *after_id, int limit,
                    void (*done)(void *, int, const struct plan_job *, int, const char *, const struct err *),
                    void *arg)
{
    (void)p;
    assert_int_equal(limit, PAGE);
    ask("jobs", arg, 0);
    store.jobs = done;
    store.runs = run_ids == NULL ? -1 : run_count;
    (void)str_copy(store.run, sizeof store.run, run_ids != NULL && run_count > 0 ? run_ids[run_count - 1] : "");
    (void)str_copy(store.after, sizeof store.after, after_id);
}

void queue_missing(struct queue *q, const char *const *ids, const char *const *lanes, int count,
                   void (*done)(void *, int, const bool *, int, const struct err *), void *arg)
{
    (void)q, (void)ids;
    for (int i = 0; i < count; i++)
        assert_string_equal(lanes[i], "normal");
    ask("missing", arg, count);
    store.missing = done;
}

void budget_scope_account(struct budget_scope *s, const char *provider, const char *account, int64_t limit,
                          int64_t window_seconds)
{
    assert_int_equal(window_seconds, 3600);
    (void)snprintf(s->name, sizeof s->name, "%s:%s", provider, account);
    s->limit = limit;
}

void budget_scope_app(struct budget_scope *s, const char *provider, int64_t limit, int64_t window_seconds)
{
    budget_scope_account(s, provider, "app", limit, window_seconds);
}

void budget_seed(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *scopes, int count,
                 void (*done)(void *, int, const struct err *), void *arg)
{
    (void)r, (void)p;
    assert_string_equal(prefix, "p");
    ask("seed", arg, count);
    for (int i = 0; i < count && i < 8; i++)
        store.scopes[i] = scopes[i];
    store.seeded = done;
}

void queue_enqueue(struct queue *q, const struct queue_job *jobs, int count,
                   void (*done)(void *, int, int, const struct err *), void *arg)
{
    (void)q;
    ask("enqueue", arg, count);
    for (int i = 0; i < count; i++)
        assert_string_equal(jobs[i].lane, "normal");
    store.first = jobs[0];
    store.last = jobs[count - 1];
    store.enqueued = done;
}

static int setup(void **state)
{
    (void)state;
    store.asked = "";
    phase_fakes_reset();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    phase_fakes_over();
    assert_string_equal(store.asked, "");
    return 0;
}

static void *answer(const char *what)
{
    assert_string_equal(store.asked, what);
    store.asked = "";
    return store.arg;
}

/* Jobs from to from + count - 1, a hundred of each account; every account's limit is the program's but that of act_1.
 */
static void jobs(int from, int count, bool more)
{
    struct plan_job *list = mem_new((size_t)count + 1, sizeof *list);
    void *arg = answer("jobs");
    for (int i = 0; i < count; i++) {
        (void)snprintf(list[i].id, sizeof list[i].id, "job%d", from + i);
        (void)snprintf(list[i].account, sizeof list[i].account, "act_%d", (from + i) / 100);
        (void)str_copy(list[i].provider, sizeof list[i].provider, "meta");
        list[i].calls_per_window = (from + i) / 100 == 1 ? 7 : -1;
        (void)str_copy(list[i].lane, sizeof list[i].lane, "normal");
        list[i].attempts = 3;
        list[i].delay_ms = 5;
    }
    store.jobs(arg, 0, list, count, more ? list[count - 1].id : "", NULL);
    free(list);
}

/* All but every `present`-th are missing; 0 = all, 1 = none. */
static void missing(int present)
{
    bool flags[PAGE];
    void *arg = answer("missing");
    for (int i = 0; i < store.count; i++)
        flags[i] = present == 0 || i % present != 0;
    store.missing(arg, 0, flags, store.count, NULL);
}

static void seeded(void)
{
    void *arg = answer("seed");
    store.seeded(arg, 0, NULL);
}

static void enqueued(void)
{
    void *arg = answer("enqueue");
    store.enqueued(arg, 0, store.count, NULL);
}

static void nothing_open_is_one_question(void **state)
{
    (void)state;
    enqueue_flow_start(&service, NULL, phase_fakes_done, NULL);
    assert_int_equal(store.runs, -1);
    assert_string_equal(store.after, "");
    jobs(0, 0, false);
}

static void the_runs_asked_for_are_named(void **state)
{
    char ids[100][UUID_TEXT];
    const struct run_ids runs = {.ids = ids, .count = 100, .room = 100};
    (void)state;
    for (int i = 0; i < runs.count; i++)
        (void)snprintf(ids[i], sizeof ids[i], "run%d", i);
    enqueue_flow_start(&service, &runs, phase_fakes_done, NULL);
    assert_int_equal(store.runs, 100);
    assert_string_equal(store.run, "run99");
    jobs(0, 0, false);
}

static void budgets_are_set_before_the_jobs_are_looked_for(void **state)
{
    (void)state;
    enqueue_flow_start(&service, NULL, phase_fakes_done, NULL);
    jobs(0, 300, false);
    assert_int_equal(store.count, 4); /* three accounts and the app */
    assert_string_equal(store.scopes[0].name, "meta:act_0");
    assert_int_equal(store.scopes[0].limit, 200);
    assert_string_equal(store.scopes[1].name, "meta:act_1");
    assert_int_equal(store.scopes[1].limit, 7);
    assert_string_equal(store.scopes[3].name, "meta:app");
    assert_int_equal(store.scopes[3].limit, 0);
    seeded();
    assert_int_equal(store.count, 300);
    missing(0);
    assert_int_equal(store.count, 300);
    assert_int_equal(store.first.attempts, 3);
    assert_int_equal(store.first.delay_ms, 5);
    enqueued();
}

static void only_missing_ones_are_put_in(void **state)
{
    (void)state;
    enqueue_flow_start(&service, NULL, phase_fakes_done, NULL);
    jobs(0, 200, false);
    seeded();
    missing(2);
    assert_int_equal(store.count, 100);
    assert_string_equal(store.first.id, "job1");
    assert_string_equal(store.last.id, "job199");
    enqueued();
}

static void page_follows_page(void **state)
{
    (void)state;
    enqueue_flow_start(&service, NULL, phase_fakes_done, NULL);
    jobs(0, PAGE, true);
    assert_int_equal(store.scopes[1].limit, 7); /* a limit that was changed reaches jobs that are there */
    seeded();
    missing(1); /* all there: on at once */
    assert_string_equal(store.after, "job999");
    jobs(PAGE, PAGE, true);
    seeded();
    missing(0);
    enqueued();
    assert_string_equal(store.after, "job1999");
    jobs(2 * PAGE, 1, false);
    seeded();
    missing(1);
}

static void a_failure_ends_it(void **state)
{
    static const char *const parts[] = {"jobs", "seed", "missing", "enqueue"};
    (void)state;
    const struct err *problem = phase_fakes_problem(ERR_DB_AWAY);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        phase_fakes.ended = 0;
        enqueue_flow_start(&service, NULL, phase_fakes_done, NULL);
        if (i > 0)
            jobs(0, 10, true);
        if (i > 1)
            seeded();
        if (i > 2)
            missing(0);
        void *arg = answer(parts[i]);
        if (i == 0)
            store.jobs(arg, ERR_DB_AWAY, NULL, 0, "", problem);
        else if (i == 1)
            store.seeded(arg, ERR_DB_AWAY, problem);
        else if (i == 2)
            store.missing(arg, ERR_DB_AWAY, NULL, 0, problem);
        else
            store.enqueued(arg, ERR_DB_AWAY, 0, problem);
        assert_int_equal(phase_fakes.ended, 1);
        assert_int_equal(phase_fakes.ended_rc, ERR_DB_AWAY);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_open_is_one_question),
        CASE(the_runs_asked_for_are_named),
        CASE(budgets_are_set_before_the_jobs_are_looked_for),
        CASE(only_missing_ones_are_put_in),
        CASE(page_follows_page),
        CASE(a_failure_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
