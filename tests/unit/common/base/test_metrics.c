#include "common/base/metrics.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void writes_the_exposition(void **state)
{
    struct buf out;

    (void)state;
    metric_add(M_JOBS_DONE, 2);
    metric_add(M_JOBS_DONE, 3);
    metric_set(M_JOBS_IN_FLIGHT, -1);
    assert_int_equal(metric_get(M_JOBS_DONE), 5);
    buf_init(&out, 100000);
    metrics_write(&out);
    assert_false(out.overflow);
    assert_non_null(strstr(buf_str(&out), "# HELP metricx_jobs_done_total Jobs finished with their data committed\n"
                                          "# TYPE metricx_jobs_done_total counter\n"
                                          "metricx_jobs_done_total 5\n"));
    assert_non_null(strstr(buf_str(&out), "# TYPE metricx_jobs_in_flight gauge\nmetricx_jobs_in_flight -1\n"));
    assert_int_equal(out.data[out.len - 1], '\n');
    buf_free(&out);
}

static void counters_are_named_so(void **state)
{
    static const struct {
        const char *name;
        enum metric_type type;
    } table[] = {
#define X(id, n, t, help) {.name = (n), .type = (t)},
        METRIC_TABLE(X)
#undef X
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const size_t len = strlen(table[i].name);
        const bool total = len > 6 && strcmp(table[i].name + len - 6, "_total") == 0;
        assert_int_equal(table[i].type == METRIC_COUNTER, total);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_the_exposition),
                                       cmocka_unit_test(counters_are_named_so)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
