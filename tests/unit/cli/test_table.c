#include "cli/table.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct table_column columns[] = {{"NAME", "name"}, {"N", "n"}, {"AT", "at"}, {0}};

static char *printed(const char *json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    json_t *row = json_loads(json, 0, NULL);
    assert_non_null(row);
    table_print(out, columns, &row, 1);
    (void)fclose(out);
    json_decref(row);
    return text;
}

static void shows(const char *json, const char *expected)
{
    char *text = printed(json);
    assert_string_equal(text, expected);
    free(text);
}

static void test_columns(void **state)
{
    (void)state;
    shows("{\"name\": \"Äpfel\", \"n\": 1234, \"at\": \"2026-11-22T03:04:05.678901+00:00\"}",
          "NAME   N     AT\n"
          "Äpfel  1234  2026-11-22 03:04:05+00:00\n");
    shows("{\"name\": null, \"n\": 7, \"at\": true}", "NAME  N  AT\n"
                                                      "-     7  true\n");
}

/* A name from outside must not move the cursor or forge a line. */
static void test_control_characters(void **state)
{
    (void)state;
    shows("{\"name\": \"a\\u001b[2Jb\\nc\\td\\u0085e\\u007f\", \"n\": 1, \"at\": \"x\"}", "NAME           N  AT\n"
                                                                                          "a?[2Jb?c?d?e?  1  x\n");
}

static void test_long_text_is_cut(void **state)
{
    (void)state;
    char *text = printed("{\"name\": \"ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää\"}");
    assert_non_null(strstr(text, "äääää…  -  -\n"));
    free(text);
}

static void test_object(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    json_t *object = json_loads("{\"id\": \"x\", \"empty\": null, \"settings\": {\"hourly\": true}}", 0, NULL);
    table_print_object(out, object);
    (void)fclose(out);
    json_decref(object);
    assert_string_equal(text, "id        x\nsettings  {\"hourly\":true}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
