#include "common/base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void grows_and_stays_a_string(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100000);
    assert_string_equal(buf_str(&b), "");
    for (int i = 0; i < 10000; i++)
        buf_addf(&b, "%d,", i % 10);
    assert_int_equal(b.len, 20000);
    assert_int_equal(strlen(b.data), 20000);
    assert_false(b.overflow);
    buf_reset(&b);
    assert_string_equal(buf_str(&b), "");
    buf_free(&b);
    assert_null(b.data);
    buf_add_str(&b, "usable again");
    assert_string_equal(buf_str(&b), "usable again");
    buf_free(&b);
}

static void ceiling_is_exact_and_sticky(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 5);
    buf_add_str(&b, "12345");
    assert_false(b.overflow);
    buf_add_char(&b, '6');
    assert_true(b.overflow);
    assert_string_equal(buf_str(&b), "12345");
    buf_reset(&b);
    buf_addf(&b, "%s", "123456");
    assert_true(b.overflow);
    buf_add_str(&b, "1");
    assert_string_equal(buf_str(&b), "");
    buf_free(&b);
    assert_false(b.overflow);
}

static void reserve_keeps_data_where_it_is(void **state)
{
    struct buf b;
    const char *before;

    (void)state;
    buf_init(&b, 1000);
    assert_true(buf_reserve(&b, 1000));
    before = b.data;
    for (int i = 0; i < 1000; i++)
        buf_add_char(&b, 'x');
    assert_ptr_equal(b.data, before);
    assert_false(buf_reserve(&b, 1));
    buf_free(&b);
}

static void writes_json_strings(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    buf_add_json(&b, "a\"b\\c\n\r\t\x01\x7f/\xc3\xa9\xff\xf0\x9f\x98\x80");
    assert_string_equal(buf_str(&b), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f/\xc3\xa9\xef\xbf\xbd\xf0\x9f\x98\x80\"");
    buf_free(&b);
}

static void writes_urls(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    buf_add_url(&b, "a-Z_0.~ &=/%+\xc3\xa9");
    assert_string_equal(buf_str(&b), "a-Z_0.~%20%26%3D%2F%25%2B%C3%A9");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_a_string),
        cmocka_unit_test(ceiling_is_exact_and_sticky),
        cmocka_unit_test(reserve_keeps_data_where_it_is),
        cmocka_unit_test(writes_json_strings),
        cmocka_unit_test(writes_urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
