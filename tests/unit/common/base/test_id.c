#include "common/base/id.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void makes_version_4(void **state)
{
    char a[UUID_TEXT], b[UUID_TEXT];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uuid_make(a);
        assert_true(uuid_valid(a));
        assert_int_equal(a[14], '4');
        assert_non_null(strchr("89ab", a[19]));
        uuid_make(b);
        assert_string_not_equal(a, b);
    }
}

static void knows_the_form(void **state)
{
    (void)state;
    assert_true(uuid_valid("A3BB189E-8BF9-3888-9912-ACE4E6543002"));
    assert_false(uuid_valid(""));
    assert_false(uuid_valid("a3bb189e-8bf9-3888-9912-ace4e654300"));
    assert_false(uuid_valid("a3bb189e-8bf9-3888-9912-ace4e65430022"));
    assert_false(uuid_valid("a3bb189e-8bf9-3888-9912-ace4e654300g"));
    assert_false(uuid_valid("a3bb189e08bf9-3888-9912-ace4e6543002"));
    assert_false(uuid_valid("a3bb-89e-8bf9-3888-9912-ace4e6543002"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(makes_version_4), cmocka_unit_test(knows_the_form)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
