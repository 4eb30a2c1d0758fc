#include "common/store/schema.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void versions_compare_by_number(void **state)
{
    (void)state;
    assert_int_equal(version_compare("0.1.0", "0.1.0"), 0);
    assert_int_equal(version_compare("1", "1.0.0"), 0);
    assert_true(version_compare("0.9.0", "0.10.0") < 0);
    assert_true(version_compare("1.0.0", "0.99.99") > 0);
    assert_true(version_compare("1.2", "1.2.1") < 0);
    assert_true(version_compare("", "0.0.1") < 0);
    assert_true(version_compare("99999999999999999999999.1", "1") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(versions_compare_by_number)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
