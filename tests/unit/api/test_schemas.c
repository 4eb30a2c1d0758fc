#include "api/exact.h"
#include "api/openapi.h"
#include "api/route.h"
#include "api/schemas.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the four above it */
#include <cmocka.h>

/* The field of the first error, "" when there is none. */
static const char *first_error(const char *schema, const char *text)
{
    static char field[200];
    struct schemas *s = schemas_new();
    struct field_errors errors = {NULL};
    struct err e;
    json_t *value = exact_load(text, strlen(text), &e);

    assert_non_null(value);
    schemas_check(s, schema, value, &errors);
    const char *first = json_string_value(json_object_get(json_array_get(errors.list, 0), "field"));
    (void)snprintf(field, sizeof field, "%s", errors.list == NULL ? "" : first);
    field_errors_clear(&errors);
    json_decref(value);
    schemas_free(s);
    return field;
}

static void bodies_are_checked_field_by_field(void **state)
{
    static const struct {
        const char *schema, *text, *field;
    } cases[] = {
        {"SyncMetrics", "{}", ""},
        {"SyncMetrics", "{\"start_date\":\"2026-10-01\",\"force_refresh\":true}", ""},
        {"SyncMetrics", "{\"start_date\":\"2026-02-29\"}", "start_date"},
        {"SyncMetrics", "{\"start_date\":20261001}", "start_date"},
        {"SyncMetrics", "{\"granularity\":\"week\"}", "granularity"},
        {"SyncMetrics", "{\"force_refresh\":\"yes\"}", "force_refresh"},
        {"SyncMetrics", "{\"start\":1}", "start"},
        {"Fact", "{\"provider\":\"meta\"}", "level"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"spend\":1.5}", ""},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"spend\":\"1.5\"}", ""},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"spend\":\"x\"}", "spend"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"clicks\":1.5}", "clicks"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"clicks\":-1}", "clicks"},
        {"Fact", "{\"provider\":\"\",\"level\":\"ad\"}", "provider"},
        {"Fact", "{\"provider\":\"a\\u0000b\",\"level\":\"ad\"}", "provider"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:00+05:30\"}", ""},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:00.123Z\"}", ""},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:00.123456789Z\"}", ""},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:00.1234567890Z\"}",
         "event_at"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:00\"}", "event_at"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T24:00:00Z\"}", "event_at"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:00+25:00\"}", "event_at"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:00+16:00\"}", "event_at"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:60Z\"}", "event_at"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"event_at\":\"2026-10-01T00:00:00.Z\"}", "event_at"},
        {"Fact", "{\"provider\":\"meta\",\"level\":\"ad\",\"entity_id\":\"1\"}", "entity_id"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(first_error(cases[i].schema, cases[i].text), cases[i].field);
}

static void every_schema_of_a_route_exists(void **state)
{
    struct schemas *s = schemas_new();
    struct buf document;
    size_t count;
    const struct route *all = routes_all(&count);
    (void)state;

    for (size_t i = 0; i < count; i++) {
        if (all[i].body != NULL)
            assert_non_null(json_object_get(schemas_all(s), all[i].body));
        if (all[i].answer != NULL)
            assert_non_null(json_object_get(schemas_all(s), all[i].answer));
        assert_non_null(all[i].handle);
        assert_true(all[i].status >= 200 && all[i].status < 400);
        /* A workspace in the path, and one that is checked. */
        assert_int_equal(strstr(all[i].path, "/workspaces/{ws}") != NULL && all[i].scope == SCOPE_OPEN, 0);
    }
    openapi_write(s, "http://127.0.0.1:8080", &document);
    json_t *json = json_loads(buf_str(&document), 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "openapi")), "3.1.0");
    json_decref(json);
    buf_free(&document);
    schemas_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_checked_field_by_field),
        cmocka_unit_test(every_schema_of_a_route_exists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
