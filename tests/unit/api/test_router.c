#include "api/router.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the four above it */
#include <cmocka.h>

#define WS "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define ID "11111111-2222-4333-8444-555555555555"

static const struct route table[] = {
    {.method = "GET", .path = "/openapi.json"},
    {.method = "GET", .path = "/workspaces/{ws}/runs"},
    {.method = "GET", .path = "/workspaces/{ws}/runs/{id}"},
    {.method = "POST", .path = "/workspaces/{ws}/runs/{id}/cancel"},
    {.method = "POST", .path = "/workspaces/{ws}/runs"},
};
enum { COUNT = sizeof table / sizeof table[0] };

static int row_of(const char *method, const char *path)
{
    const struct match m = route_match(table, COUNT, method, path);
    return m.route != NULL ? (int)(m.route - table) : m.other_method ? -1 : -2;
}

static void methods_and_paths_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(row_of("GET", "/openapi.json"), 0);
    assert_int_equal(row_of("HEAD", "/openapi.json"), 0);
    assert_int_equal(row_of("GET", "/workspaces/" WS "/runs"), 1);
    assert_int_equal(row_of("POST", "/workspaces/" WS "/runs"), 4);
    assert_int_equal(row_of("GET", "/workspaces/" WS "/runs/" ID), 2);
    assert_int_equal(row_of("POST", "/workspaces/" WS "/runs/" ID "/cancel"), 3);
    assert_int_equal(row_of("DELETE", "/workspaces/" WS "/runs"), -1);
    assert_int_equal(row_of("get", "/workspaces/" WS "/runs"), -1);
}

static void what_is_not_in_the_table_is_nothing(void **state)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "openapi.json",
                                        "/openapi.json/",
                                        "//openapi.json",
                                        "/workspaces/" WS "/runs/",
                                        "/workspaces//runs",
                                        "/workspaces/x/runs",
                                        "/workspaces/" WS "x/runs",
                                        "/workspaces/" WS "/runs/..",
                                        "/workspaces/" WS "/runs/" ID "/cancel/more",
                                        "/workspaces/{ws}/runs",
                                        "/workspaces/" WS "/Runs"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(row_of("GET", paths[i]), -2);
}

static void ids_are_lower_case(void **state)
{
    (void)state;
    const struct match m =
        route_match(table, COUNT, "GET", "/workspaces/AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE/runs/" ID);
    assert_string_equal(m.ws, WS);
    assert_string_equal(m.id, ID);
}

static void allow_names_all_methods(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    route_allow(table, COUNT, "/workspaces/" WS "/runs", &b);
    assert_string_equal(buf_str(&b), "GET, HEAD, POST");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_and_paths_are_told_apart),
        cmocka_unit_test(what_is_not_in_the_table_is_nothing),
        cmocka_unit_test(ids_are_lower_case),
        cmocka_unit_test(allow_names_all_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
