#include "common/base/clk.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void stands_still_when_faked(void **state)
{
    (void)state;
    clk_fake(1000, 5);
    assert_int_equal(clk_wall_ms(), 1000);
    assert_int_equal(clk_mono_ms(), 5);
    clk_fake_advance(250);
    assert_int_equal(clk_wall_ms(), 1250);
    assert_int_equal(clk_mono_ms(), 255);
    clk_real();
    assert_true(clk_wall_ms() > INT64_C(1600000000000));
    assert_true(clk_mono_ms() > 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stands_still_when_faked)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
