#include "common/io/copy_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const char *expected, int fields, const char *const *field)
{
    struct buf b;

    buf_init(&b, 1000);
    for (int i = 0; i < fields; i++)
        copy_field(&b, field[i]);
    copy_end_row(&b);
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}
#define CHECK_ROW(expected, ...)                                                                                       \
    check(expected, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

static void test_fields_are_separated_by_tabs(void **state)
{
    (void)state;
    CHECK_ROW("a\n", "a");
    CHECK_ROW("a\tb\tc\n", "a", "b", "c");
}

static void test_null_and_empty_differ(void **state)
{
    (void)state;
    CHECK_ROW("\\N\n", NULL);
    CHECK_ROW("\n", "");
    CHECK_ROW("\tb\n", "", "b");
    CHECK_ROW("\t\t\n", "", "", "");
    CHECK_ROW("\\N\t\t\\N\n", NULL, "", NULL);
    CHECK_ROW("\\\\N\n", "\\N");
}

static void test_special_characters_are_escaped(void **state)
{
    (void)state;
    CHECK_ROW("tab\\tnewline\\nreturn\\rbackslash\\\\end\n", "tab\tnewline\nreturn\rbackslash\\end");
    CHECK_ROW("\\n\tb\n", "\n", "b");
    CHECK_ROW("\\t\t\\t\n", "\t", "\t");
    CHECK_ROW("\\\\.\n", "\\.");
    CHECK_ROW("\"quoted\" 'text' \xF0\x9F\x98\x80\n", "\"quoted\" 'text' \xF0\x9F\x98\x80");
}

static void test_rows_follow_each_other(void **state)
{
    (void)state;
    struct buf b;

    buf_init(&b, 1000);
    copy_field(&b, "1");
    copy_end_row(&b);
    copy_field(&b, "");
    copy_field(&b, "2");
    copy_end_row(&b);
    copy_end_row(&b); /* a table without columns */
    assert_string_equal(buf_str(&b), "1\n\t2\n\n");
    buf_free(&b);
}

static void test_the_ceiling_shows(void **state)
{
    (void)state;
    struct buf b;

    buf_init(&b, 8);
    copy_field(&b, "0123456789");
    copy_end_row(&b);
    assert_true(b.overflow);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_separated_by_tabs),
        cmocka_unit_test(test_null_and_empty_differ),
        cmocka_unit_test(test_special_characters_are_escaped),
        cmocka_unit_test(test_rows_follow_each_other),
        cmocka_unit_test(test_the_ceiling_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
