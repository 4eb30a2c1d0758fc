#include "api/exact.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static json_t *load(const char *text)
{
    struct err e;
    return exact_load(text, strlen(text), &e);
}

static void numbers_keep_every_digit(void **state)
{
    static const struct {
        const char *text, *exact; /* NULL: no decimal of ours */
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"12.30", "12.3"},
        {"0.1", "0.1"},
        {"12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"},
        {"1e3", "1000"},
        {"-1.5E+2", "-150"},
        {"1.25e-2", "0.0125"},
        {"12e-1", "1.2"},
        {"1e-18", "0.000000000000000001"},
        {"1e-19", NULL},
        {"1e400", NULL},
        {"1e-99999999999999999999", NULL},
        {"99999999999999999999999999999999999999999999", NULL},
        {"\"12.5\"", "12.5"},
        {"\"1e3\"", "1000"},
        {"\"+1.50e1\"", NULL},
        {"\".5\"", "0.5"},
        {"\"-.5e1\"", "-5"},
        {"\"12,5\"", NULL},
        {"\"1.5.2e3\"", NULL},
        {"\"e5\"", NULL},
        {"\"-e5\"", NULL},
        {"\".\"", NULL},
        {"\" 1\"", NULL},
        {"\"\"", NULL},
        {"true", NULL},
        {"null", NULL},
        {"[1.5]", NULL},
    };
    char out[DECIMAL_TEXT];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = load(cases[i].text);
        assert_non_null(value);
        assert_int_equal(exact_decimal(value, out), cases[i].exact != NULL);
        if (cases[i].exact != NULL)
            assert_string_equal(out, cases[i].exact);
        json_decref(value);
    }
}

static void a_number_is_told_from_a_string(void **state)
{
    (void)state;
    json_t *value = load("{\"n\": 1.5, \"s\": \"1.5\", \"i\": 7, \"in\\\"side\": \"\\\\\", \"deep\": [-0.25e1]}");
    assert_true(exact_is_number(json_object_get(value, "n")));
    assert_false(exact_is_number(json_object_get(value, "s")));
    assert_int_equal(json_integer_value(json_object_get(value, "i")), 7);
    assert_string_equal(json_string_value(json_object_get(value, "in\"side")), "\\");
    json_t *plain = exact_plain(value);
    assert_string_equal(json_string_value(json_object_get(plain, "n")), "1.5");
    assert_string_equal(json_string_value(json_array_get(json_object_get(plain, "deep"), 0)), "-0.25e1");
    json_decref(plain);
    json_decref(value);
}

static void what_is_no_json_stays_none(void **state)
{
    static const char *const texts[] = {"",    "{",     "1.",      ".5",   "01.5",  "1e",
                                        "--1", "1.5.2", "\"",      "\"\\", "[1.5,", "{\"a\":1.5,\"a\":2.5}",
                                        "+1",  "1.5x",  "1.5 2.5", "-",    "NaN",   "[1 .5]"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_null(load(texts[i]));
}

static void count(void *arg, size_t index, const json_t *value)
{
    size_t *seen = arg;
    (void)value;
    assert_int_equal(index, (*seen)++);
}

static void a_list_is_read_one_by_one(void **state)
{
    static const struct {
        const char *text;
        size_t seen; /* before its end, or before it turns out to be none */
        bool is_list;
    } cases[] = {
        {"[]", 0, true},
        {" [ ] \n", 0, true},
        {"[1]", 1, true},
        {"[1.5, \"a,]\\\"\", {\"b\": [1, {}]},[ ],null ]", 5, true},
        {"[1,2,3,4,5]", 5, true},
        {"[1,2,3,4,5,6]", 5, false},
        {"", 0, false},
        {"{}", 0, false},
        {"1", 0, false},
        {"[", 0, false},
        {"[,]", 0, false},
        {"[1,]", 1, false},
        {"[1 2]", 0, false},
        {"[1,2", 2, false},
        {"[1}", 1, false},
        {"[1]]", 1, false},
        {"[1] [2]", 1, false},
        {"[{\"a\": 1]}", 0, false},
        {"[1, {\"a\": 1, \"a\": 2}]", 1, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t seen = 0;
        assert_int_equal(exact_each(cases[i].text, strlen(cases[i].text), 5, count, &seen), cases[i].is_list);
        assert_int_equal(seen, cases[i].seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_every_digit),
        cmocka_unit_test(a_number_is_told_from_a_string),
        cmocka_unit_test(what_is_no_json_stays_none),
        cmocka_unit_test(a_list_is_read_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
