#include "tests/flow/phase_fakes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

struct phase_fakes phase_fakes;

static struct {
    void (*due)(void *, int, const struct plan_due *, int, const struct err *);
    void (*runs)(void *, int, const struct plan_run *, int, const struct err *);
    void (*stored)(void *, int, const struct err *);
    void *arg;
} asked;
static struct err problem = {.text = "as the test says"};

void phase_fakes_descriptors(bool there_are)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = there_are ? limit.rlim_max : 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void plan_due(struct db_pool *p, int limit, void (*done)(void *, int, const struct plan_due *, int, const struct err *),
              void *arg)
{
    (void)p;
    assert_int_equal(limit, DUE_BATCH);
    assert_null(asked.due);
    asked.due = done;
    asked.arg = arg;
}

void plan_runs(struct db_pool *p, int limit, int known_days,
               void (*done)(void *, int, const struct plan_run *, int, const struct err *), void *arg)
{
    (void)p;
    assert_int_equal(limit, RUN_BATCH);
    assert_true(known_days >= 37 * 30);
    assert_null(asked.runs);
    asked.runs = done;
    asked.arg = arg;
}

static void ask_to_store(int count, void (*done)(void *, int, const struct err *), void *arg)
{
    assert_null(asked.stored);
    phase_fakes.count = count;
    asked.stored = done;
    asked.arg = arg;
}

void plan_due_store(struct db_pool *p, const struct plan_due_write *w, int count,
                    void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    phase_fakes.due = w;
    ask_to_store(count, done, arg);
}

void plan_store(struct db_pool *p, const struct plan_write *plans, int count,
                void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    phase_fakes.plans = plans;
    ask_to_store(count, done, arg);
}

void phase_fakes_reset(void)
{
    phase_fakes = (struct phase_fakes){0};
    asked.due = NULL;
    asked.runs = NULL;
    asked.stored = NULL;
}

void phase_fakes_done(void *arg, int rc, const struct err *e)
{
    (void)arg;
    assert_true(rc == 0 || e->rc == rc);
    phase_fakes.ended++;
    phase_fakes.ended_rc = rc;
}

void phase_fakes_over(void)
{
    assert_int_equal(phase_fakes.ended, 1);
    assert_null(asked.due);
    assert_null(asked.runs);
    assert_null(asked.stored);
}

const struct err *phase_fakes_problem(int rc)
{
    problem.rc = rc;
    return &problem;
}

void phase_fakes_answer_due(int rc, const struct plan_due *list, int count)
{
    void (*done)(void *, int, const struct plan_due *, int, const struct err *) = asked.due;
    assert_non_null(done);
    asked.due = NULL;
    done(asked.arg, rc, list, count, phase_fakes_problem(rc));
}

void phase_fakes_answer_runs(int rc, const struct plan_run *list, int count)
{
    void (*done)(void *, int, const struct plan_run *, int, const struct err *) = asked.runs;
    assert_non_null(done);
    asked.runs = NULL;
    done(asked.arg, rc, list, count, phase_fakes_problem(rc));
}

void phase_fakes_stored(int rc)
{
    void (*done)(void *, int, const struct err *) = asked.stored;
    assert_non_null(done);
    asked.stored = NULL;
    done(asked.arg, rc, phase_fakes_problem(rc));
}
