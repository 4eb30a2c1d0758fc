#include "common/base/buf.h"
#include "tests/integration/io/db_case.h"
#include <stdio.h>

/* What the listings have, and what is awkward. */
#define ROWS_OF_ALL_TYPES                                                                                              \
    "SELECT -7::int2 AS small, 2147483647 AS int, -9223372036854775807 AS big, 'NaN'::numeric AS nan, v.*, NULL::json" \
    " AS nothing, 'af1c4d2e-0000-4000-8000-0123456789ab'::uuid AS uuid, '[1, {\"b\" : null}]'::json AS json,"          \
    " '{\"b\":1, \"a\": \"x\"}'::jsonb AS jsonb, to_json(ARRAY['x', NULL]) AS list, 'infinity'::timestamptz AS never"  \
    "  FROM (VALUES (1.50, true, '2026-02-03'::date, '2026-02-03 23:59:59.120+02'::timestamptz, ''),"                  \
    "               (-0.001, false, '0001-01-01', '2026-02-03 00:00:00+00', E'\"q\" \\\\ \x01\n\t\r \u00e4 "           \
    "\U0001F600'),"                                                                                                    \
    "               (NULL, NULL, NULL, NULL, NULL)) v(\"n \"\"x\"\"\", yes, day, at, text) ORDER BY v.day NULLS LAST"

static void compare_json(void *arg, const struct db_results *r)
{
    struct buf b;
    (void)arg;

    buf_init(&b, 10000);
    db_add_json(&b, r, 1, 3, db_columns(r, 1));
    const char *at = b.data;
    for (int row = 0; row < 3; row++, at += strlen(at) + 1)
        assert_string_equal(at, db_text(r, 0, row, 0));
    assert_ptr_equal(at, b.data + b.len);
    buf_reset(&b);
    db_add_json(&b, r, 1, 1, 1);
    assert_string_equal(b.data, "{\"small\":-7}");
    buf_free(&b);
}

static void test_rows_as_json_are_those_of_row_to_json(void **state)
{
    (void)state;
    char url[300]; /* of a server that writes dates in another way unless it is asked not to */
    snprintf(url, sizeof url, "%s?options=-cdatestyle%%3Dgerman", database_url());
    struct bench b = bench_open(url, 1);
    const struct db_step steps[] = {{.sql = "SELECT row_to_json(t) FROM (" ROWS_OF_ALL_TYPES ") t"},
                                    {.sql = ROWS_OF_ALL_TYPES}};
    struct err e;

    assert_int_equal(db_run_wait(b.loop, b.pool, DB_TX, steps, 2, compare_json, NULL, &e), 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows_as_json_are_those_of_row_to_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
