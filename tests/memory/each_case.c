#include "common/base/mem.h"
#include "tests/memory/refuse.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* Put before cmocka's runner by the linker: with METRICX_REFUSE_MEMORY in the environment every case of the program
 * runs once for every request for memory that it makes, which is refused; with "lasting" once more with all memory used
 * up from there on. Behind small requests stands the reserve of mem.h: each case must end as if nothing had happened.
 * Cases with large ones are left out, there a refusal is an error. */

int __real__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction begin, CMFixtureFunction end);
int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction begin, CMFixtureFunction end);

enum { CASES_MAX = 64, REQUESTS_MAX = 1000000 /* of longer cases as many refusals as fit into so many, evenly */ };

static long points; /* refusals, in all */
static bool lasting;

/* Returns the requests made. */
static long run_case(const struct CMUnitTest *test, enum refusal how, long nth)
{
    void *state = test->initial_state;
    bool refused;
    long made;

    if (test->setup_func != NULL)
        assert_int_equal(test->setup_func(&state), 0);
    assert_false(mem_short()); /* the reserve is there again */
    refuse_begin(how, nth);
    test->test_func(&state);
    made = refuse_end(&refused);
    points += refused;
    if (test->teardown_func != NULL)
        assert_int_equal(test->teardown_func(&state), 0);
    return made;
}

static void every_request_is_refused_once(void **state)
{
    const struct CMUnitTest *test = *state;
    long made, step;

    (void)refuse_largest();
    made = run_case(test, REFUSE_ONE, 0);
    step = made * made / REQUESTS_MAX + 1;
    if (refuse_largest() > (long)MEM_SMALL)
        skip();
    for (long nth = 1; nth <= made; nth += step) {
        (void)run_case(test, REFUSE_ONE, nth);
        if (lasting)
            (void)run_case(test, REFUSE_GROWTH, nth);
    }
}

static int all_is_granted(void **state)
{
    (void)state;
    (void)refuse_end(NULL);
    return 0;
}

int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
                                   CMFixtureFunction begin, CMFixtureFunction end)
{
    struct CMUnitTest torture[CASES_MAX];
    const char *how = getenv("METRICX_REFUSE_MEMORY");
    int failed;

    if (how == NULL)
        return __real__cmocka_run_group_tests(name, tests, count, begin, end);
    lasting = strcmp(how, "lasting") == 0;
    if (count > CASES_MAX)
        return -1;
    for (size_t i = 0; i < count; i++)
        torture[i] = (struct CMUnitTest){.name = tests[i].name,
                                         .test_func = every_request_is_refused_once,
                                         .teardown_func = all_is_granted,
                                         .initial_state = (void *)(uintptr_t)&tests[i]};
    failed = __real__cmocka_run_group_tests(name, torture, count, begin, end);
    print_message("%ld refusals\n", points);
    return failed;
}
