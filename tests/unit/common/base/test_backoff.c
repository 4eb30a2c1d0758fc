#include "common/base/backoff.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void doubles_up_to_the_cap(void **state)
{
    static const struct {
        int attempt;
        int64_t whole;
    } cases[] = {{1, 1000}, {2, 2000}, {3, 4000}, {4, 8000}, {5, 10000}, {6, 10000}, {1000000, 10000}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool differs = false;
        int64_t first = backoff_ms(cases[i].attempt, 1000, 10000);

        for (int round = 0; round < 200; round++) {
            int64_t ms = backoff_ms(cases[i].attempt, 1000, 10000);

            assert_in_range(ms, cases[i].whole / 2, cases[i].whole);
            differs = differs || ms != first;
        }
        assert_true(differs);
    }
}

static void survives_extremes(void **state)
{
    (void)state;
    assert_in_range(backoff_ms(100, INT64_MAX / 2 + 1, INT64_MAX), INT64_MAX / 2, INT64_MAX);
    assert_in_range(backoff_ms(3, 1, 1), 1, 1);
    assert_in_range(backoff_ms(1, 5000, 100), 50, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(doubles_up_to_the_cap), cmocka_unit_test(survives_extremes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
