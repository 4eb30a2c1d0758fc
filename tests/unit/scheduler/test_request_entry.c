#include "common/base/buf.h"
#include "common/base/str.h"
#include "scheduler/request_entry.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CONNECTION "0b54c3e4-0000-4000-8000-0000000000bb"
#define ID "0b54c3e4-0000-4000-8000-0000000000aa"
#define START "{\"connection_id\":\"" CONNECTION "\",\"kind\":\"metrics\""

static struct request_entry entry;
static struct err problem;

static int parse(const char *text)
{
    problem = (struct err){0};
    return request_entry_parse(text, strlen(text), &entry, &problem);
}

static void refused(const char *text, const char *words)
{
    assert_int_equal(parse(text), ERR_INPUT);
    assert_int_equal(problem.rc, ERR_INPUT);
    if (strstr(problem.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", problem.text, words);
}

static void two_fields_are_enough(void **state)
{
    (void)state;
    assert_int_equal(parse(START "}"), 0);
    assert_null(entry.request.id);
    assert_string_equal(entry.request.connection_id, CONNECTION);
    assert_string_equal(entry.request.kind, "metrics");
    assert_string_equal(entry.request.granularity, "day");
    assert_string_equal(entry.request.trigger, "external");
    assert_int_equal(entry.request.from, DATE_NONE);
    assert_int_equal(entry.request.to, DATE_NONE);
    assert_false(entry.request.force);
    assert_false(entry.request.interactive);
    assert_int_equal(entry.request.due_at_ms, 0);
}

static void every_field_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse(START ",\"id\":\"" ID "\",\"from\":\"2026-10-01\",\"to\":\"2026-10-31\","
                                 "\"granularity\":\"hour\",\"force\":true,\"priority\":\"interactive\"}"),
                     0);
    assert_string_equal(entry.request.id, ID);
    assert_int_equal(entry.request.from, date_from_civil(2026, 10, 1));
    assert_int_equal(entry.request.to, date_from_civil(2026, 10, 31));
    assert_string_equal(entry.request.granularity, "hour");
    assert_true(entry.request.force);
    assert_true(entry.request.interactive);
    for (size_t i = 0; i < 3; i++) {
        static const char *const kinds[] = {"entities", "metrics", "full"};
        char text[200];
        (void)snprintf(text, sizeof text, "{\"connection_id\":\"%s\",\"kind\":\"%s\"}", CONNECTION, kinds[i]);
        assert_int_equal(parse(text), 0);
        assert_string_equal(entry.request.kind, kinds[i]);
    }
}

static void null_means_absent(void **state)
{
    (void)state;
    assert_int_equal(parse(START ",\"id\":null,\"from\":null,\"to\":null,\"granularity\":null,\"force\":null,"
                                 "\"priority\":null}"),
                     0);
    assert_null(entry.request.id);
    assert_string_equal(entry.request.granularity, "day");
    assert_false(entry.request.force);
    refused("{\"connection_id\":null,\"kind\":\"full\"}", "connection_id is missing");
    refused("{\"connection_id\":\"" CONNECTION "\",\"kind\":null}", "kind is missing");
}

static void ids_become_as_postgresql_writes_them(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"connection_id\":\"0B54C3E4-0000-4000-8000-0000000000BB\",\"kind\":\"full\","
                           "\"id\":\"0B54C3E4-0000-4000-8000-0000000000AA\"}"),
                     0);
    assert_string_equal(entry.request.id, ID);
    assert_string_equal(entry.request.connection_id, CONNECTION);
}

static void a_refusal_names_field_value_and_what_is_right(void **state)
{
    static const struct {
        const char *text, *field, *value, *right;
    } cases[] = {
        {"{\"kind\":\"full\"}", "connection_id", "missing", "a UUID"},
        {"{\"connection_id\":\"act_1\",\"kind\":\"full\"}", "connection_id", "\"act_1\"", "a UUID"},
        {"{\"connection_id\":7,\"kind\":\"full\"}", "connection_id", "7", "a UUID"},
        {"{\"connection_id\":\"" CONNECTION "\"}", "kind", "missing", "entities, metrics or full"},
        {"{\"connection_id\":\"" CONNECTION "\",\"kind\":\"all\"}", "kind", "\"all\"", "entities, metrics or full"},
        {"{\"connection_id\":\"" CONNECTION "\",\"kind\":[\"full\"]}", "kind", "[\"full\"]",
         "entities, metrics or full"},
        {START ",\"id\":\"7\"}", "id", "\"7\"", "a UUID"},
        {START ",\"granularity\":\"week\"}", "granularity", "\"week\"", "day or hour"},
        {START ",\"priority\":\"high\"}", "priority", "\"high\"", "background or interactive"},
        {START ",\"force\":1}", "force", "1", "true or false"},
        {START ",\"force\":\"true\"}", "force", "\"true\"", "true or false"},
        {START ",\"from\":\"2026-02-30\",\"to\":\"2026-03-01\"}", "from", "\"2026-02-30\"", "a day like 2026-10-31"},
        {START ",\"from\":\"2026-02-01\",\"to\":\"1.3.2026\"}", "to", "\"1.3.2026\"", "a day like 2026-10-31"},
        {START ",\"from\":20261001,\"to\":\"2026-10-31\"}", "from", "20261001", "a day like 2026-10-31"},
        {START ",\"from\":\"2026-10-01\"}", "to", "missing", "the other end of the range is given"},
        {START ",\"to\":\"2026-10-01\"}", "from", "missing", "the other end of the range is given"},
        {START ",\"form\":\"2026-10-01\"}", "form", "no field", "from, to"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refused(cases[i].text, cases[i].right);
        refused(cases[i].text, cases[i].value);
        assert_true(str_starts(problem.text, cases[i].field));
    }
}

static void the_id_of_a_refused_request_is_kept(void **state)
{
    (void)state;
    refused("{\"kind\":\"all\",\"connection_id\":\"" CONNECTION "\",\"id\":\"" ID "\"}", "kind");
    assert_string_equal(entry.id, ID);
    refused("{\"id\":\"" ID "\",\"unknown\":1}", "unknown");
    assert_string_equal(entry.id, ID);
    refused("{\"id\":\"nonsense\",\"kind\":\"all\"}", "id");
    assert_string_equal(entry.id, "");
}

static void what_is_no_json_object_is_refused(void **state)
{
    static const char *const texts[] = {"not json", "{", "{}x", "{\"a\":1,}", "\xff\xfe", "{\"kind\":\"\xc3\"}", "nul"};
    static const char *const others[] = {"[]", "[{}]"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refused(texts[i], "no JSON");
        assert_true(str_is_utf8(problem.text, strlen(problem.text)));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        refused(others[i], "one JSON object");
    refused("", "no JSON");
}

static void a_field_may_not_come_twice(void **state)
{
    (void)state;
    refused(START ",\"kind\":\"full\"}", "duplicate");
}

static void nul_bytes_are_refused(void **state)
{
    static const char raw[] = START ",\"id\":\"" ID "\"}\0{\"evil\":1}";
    static const char inside[] = "{\"kind\":\"full\0\",\"connection_id\":\"" CONNECTION "\"}";
    (void)state;
    assert_int_equal(request_entry_parse(raw, sizeof raw - 1, &entry, &problem), ERR_INPUT);
    assert_int_equal(request_entry_parse(inside, sizeof inside - 1, &entry, &problem), ERR_INPUT);
    refused("{\"connection_id\":\"" CONNECTION "\",\"kind\":\"full\\u0000\"}", "no JSON");
    refused("{\"connection_id\":\"" CONNECTION "\",\"kind\":\"full\",\"id\\u0000\":1}", "no JSON");
}

static void no_more_than_4_kib_are_read(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 20);
    buf_add_str(&b, START "}");
    while (b.len < REQUEST_BYTES_MAX)
        buf_add_char(&b, ' ');
    assert_int_equal(request_entry_parse(b.data, b.len, &entry, &problem), 0);
    buf_add_char(&b, ' ');
    assert_int_equal(request_entry_parse(b.data, b.len, &entry, &problem), ERR_LIMIT);
    assert_non_null(strstr(problem.text, "more than 4096 bytes"));
    assert_string_equal(entry.id, "");
    buf_free(&b);
}

static void depth_and_length_of_a_value_are_no_harm(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, REQUEST_BYTES_MAX);
    buf_add_str(&b, START ",\"id\":");
    for (int i = 0; i < 4000; i++)
        buf_add_char(&b, '[');
    assert_int_equal(request_entry_parse(b.data, b.len, &entry, &problem), ERR_INPUT);
    buf_reset(&b);
    buf_add_str(&b, START ",\"id\":");
    for (int i = 0; i < 1000; i++)
        buf_add_char(&b, '[');
    for (int i = 0; i < 1000; i++)
        buf_add_char(&b, ']');
    buf_add_char(&b, '}');
    refused(buf_str(&b), "a UUID");
    buf_reset(&b);
    buf_add_str(&b, START ",\"id\":\"");
    for (int i = 0; i < 1000; i++)
        buf_add_str(&b, "\xf0\x9f\x98\x80"); /* cut somewhere in the middle */
    buf_add_str(&b, "\"}");
    refused(buf_str(&b), "a UUID");
    assert_true(str_is_utf8(problem.text, strlen(problem.text)));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_fields_are_enough),
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(null_means_absent),
        cmocka_unit_test(ids_become_as_postgresql_writes_them),
        cmocka_unit_test(a_refusal_names_field_value_and_what_is_right),
        cmocka_unit_test(the_id_of_a_refused_request_is_kept),
        cmocka_unit_test(what_is_no_json_object_is_refused),
        cmocka_unit_test(a_field_may_not_come_twice),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(no_more_than_4_kib_are_read),
        cmocka_unit_test(depth_and_length_of_a_value_are_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
