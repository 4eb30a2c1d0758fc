#include "common/store/sql.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void texts_are_found_by_name_and_stay(void **state)
{
    (void)state;
    assert_non_null(strstr(sql_text("run_lock"), "FOR UPDATE"));
    assert_ptr_equal(sql_text("fact_insert"), sql_text("fact_insert"));
    assert_ptr_equal(sql_text_hourly("fact_insert"), sql_text_hourly("fact_insert"));
}

static void hourly_texts_are_of_the_hourly_table(void **state)
{
    static const char *const names[] = {"fact_gone", "fact_insert", "fact_update", "fact_delete"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *daily = sql_text(names[i]), *hourly = sql_text_hourly(names[i]);
        assert_null(strstr(daily, "metric_facts_hourly"));
        assert_non_null(strstr(hourly, " metric_facts_hourly "));
        assert_null(strstr(hourly, " metric_facts "));
        assert_null(strstr(hourly, "--hour"));
        assert_non_null(strstr(hourly, "event_hour"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_are_found_by_name_and_stay),
                                       cmocka_unit_test(hourly_texts_are_of_the_hourly_table)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
