#include "tests/sandbox/cursor.h"
#include "tests/sandbox/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_cursor_leads_back_to_its_place(void **state)
{
    static const int64_t places[] = {0, 1, 999, INT64_C(123456789012)};
    char text[CURSOR_TEXT];
    int64_t place;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        cursor_make(42, places[i], 1000, text);
        assert_true(cursor_read(text, 42, 1500, 600, &place));
        assert_int_equal(place, places[i]);
        assert_string_equal(text + strlen(text) - 2, "ZD");
    }
}

static void it_is_bound_to_query_and_time(void **state)
{
    char text[CURSOR_TEXT];
    int64_t place;
    (void)state;
    cursor_make(42, 7, 1000, text);
    assert_false(cursor_read(text, 43, 1000, 600, &place));
    assert_true(cursor_read(text, 42, 1600, 600, &place));
    assert_false(cursor_read(text, 42, 1601, 600, &place));
}

static void what_is_no_cursor_is_refused(void **state)
{
    static const char *const bad[] = {"", "ZD", "MAZDZD", "not a cursor at all but of forty bytes..",
                                      "QVQhSAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAZD"};
    char text[CURSOR_TEXT];
    int64_t place;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cursor_read(bad[i], 42, 1000, 600, &place));
    cursor_make(42, 7, 1000, text);
    for (size_t i = 0; i < 37; i++) { /* no bit may flip */
        char was = text[i];
        text[i] = was == 'A' ? 'B' : 'A';
        assert_false(cursor_read(text, 42, 1000, 600, &place));
        text[i] = was;
    }
    assert_true(cursor_read(text, 42, 1000, 600, &place));
}

static void numbers_are_written_shortest(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 10);
    text_int(&b, INT64_MIN);
    buf_add_char(&b, ' ');
    text_fixed(&b, 1250, 2);
    buf_add_char(&b, ' ');
    text_fixed(&b, 1200, 2);
    buf_add_char(&b, ' ');
    text_fixed(&b, -5, 2);
    buf_add_char(&b, ' ');
    text_fixed(&b, 0, 0);
    buf_add_char(&b, ' ');
    text_ratio(&b, 2, 3);
    buf_add_char(&b, ' ');
    text_ratio(&b, 10, 5);
    assert_string_equal(buf_str(&b), "-9223372036854775808 12.5 12 -0.05 0 0.666667 2");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_leads_back_to_its_place),
        cmocka_unit_test(it_is_bound_to_query_and_time),
        cmocka_unit_test(what_is_no_cursor_is_refused),
        cmocka_unit_test(numbers_are_written_shortest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
