/* Names as Meta has them: what the sandbox takes for a field is one, and we ask for nothing else. Meta's own lists lie
 * beside the checkout. */
#include "common/base/buf.h"
#include "common/provider/meta/meta_account.h"
#include "common/provider/meta/meta_page.h"
#include "tests/sandbox/known_fields.h"
#include "tests/unit/common/provider/meta/answers.h"
#include <jansson.h>

#define LISTS TEST_SOURCE_DIR "/../shared/data/meta-fields.json"

static const struct {
    const char *object, *list;
} nodes[KNOWN_NODES] = {
    [KNOWN_ACCOUNT] = {"AdAccount", "Fields"},
    [KNOWN_CAMPAIGN] = {"Campaign", "Fields"},
    [KNOWN_ADSET] = {"AdSet", "Fields"},
    [KNOWN_AD] = {"Ad", "Fields"},
    [KNOWN_INSIGHTS] = {"AdsInsights", "Fields"},
    [KNOWN_REPORT] = {"AdReportRun", "Fields"},
    [KNOWN_BREAKDOWNS] = {"AdsInsights", "Breakdowns"},
};

static json_t *lists;

static int load(void **state)
{
    json_error_t problem;
    (void)state;

    lists = json_load_file(LISTS, 0, &problem);
    if (lists == NULL)
        print_error("Meta's lists of fields cannot be read: %s: %s\n", LISTS, problem.text);
    return lists != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(lists);
    return 0;
}

static const json_t *names_of(enum known_node node)
{
    const json_t *names = json_object_get(json_object_get(lists, nodes[node].object), nodes[node].list);

    if (json_array_size(names) == 0)
        fail_msg("Meta's %s has no %s", nodes[node].object, nodes[node].list);
    return names;
}

static void test_the_sandbox_knows_exactly_metas_names(void **state)
{
    (void)state;
    for (int node = 0; node < KNOWN_NODES; node++) {
        const json_t *names = names_of((enum known_node)node), *name;
        size_t i;

        json_array_foreach(names, i, name)
        {
            if (!known_field((enum known_node)node, json_string_value(name)))
                fail_msg("the sandbox does not know %s of %s", json_string_value(name), nodes[node].object);
        }
        assert_int_equal(known_field_count((enum known_node)node), json_array_size(names));
    }
}

static bool is_metas(enum known_node node, const char *name, size_t len)
{
    const json_t *names = names_of(node), *known;
    size_t i;

    json_array_foreach(names, i, known)
    {
        if (json_string_length(known) == len && memcmp(json_string_value(known), name, len) == 0)
            return true;
    }
    return false;
}

/* Every name in a parameter of a request's URL, where commas are %2C and what surrounds a JSON text is %5B%22, %22%5D.
 * Frees the request. */
static void assert_asks_for(struct http_request *r, const char *parameter, enum known_node node, int at_least)
{
    const char *found = strstr(r->url, parameter), *at = found != NULL ? found + strlen(parameter) : "";
    int asked = 0;

    while (*at != '\0' && *at != '&') {
        size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");

        if (len > 0 && !is_metas(node, at, len))
            fail_msg("Meta's %s has no %.*s", nodes[node].object, (int)len, at);
        asked += len > 0;
        at += len > 0 ? len : 3;
    }
    assert_true(asked >= at_least);
    http_request_clear(r);
}

static struct http_request page_of(enum slice_kind kind, bool hourly, const char *cursor)
{
    struct slice s = test_slice(kind);
    struct http_request r;
    struct err e = {0};

    s.hourly = hourly;
    assert_int_equal(meta_page_request(&test_config, &s, cursor, NULL, &r, &e), 0);
    return r;
}

static void test_we_ask_only_for_what_meta_has(void **state)
{
    static const char *const cursors[] = {"c0", "s0", "a0"};
    struct http_request r;
    struct err e = {0};
    (void)state;

    for (int i = 0; i < 3; i++) {
        r = page_of(SLICE_ENTITIES, false, cursors[i]);
        assert_asks_for(&r, "fields=", (enum known_node)(KNOWN_CAMPAIGN + i), 8);
    }
    r = page_of(SLICE_FACTS, false, NULL);
    assert_asks_for(&r, "fields=", KNOWN_INSIGHTS, 10);
    r = page_of(SLICE_FACTS, true, NULL);
    assert_asks_for(&r, "fields=", KNOWN_INSIGHTS, 6);
    r = page_of(SLICE_FACTS, true, NULL);
    assert_asks_for(&r, "breakdowns=", KNOWN_BREAKDOWNS, 1);
    r = page_of(SLICE_TOTALS, false, NULL);
    assert_asks_for(&r, "fields=", KNOWN_INSIGHTS, 4);
    assert_int_equal(meta_account_request(&test_config, "act_123", NULL, &r, &e), 0);
    assert_asks_for(&r, "fields=", KNOWN_ACCOUNT, 4);
    assert_int_equal(meta_accounts_request(&test_config, NULL, NULL, &r, &e), 0);
    assert_asks_for(&r, "fields=", KNOWN_ACCOUNT, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sandbox_knows_exactly_metas_names),
        cmocka_unit_test(test_we_ask_only_for_what_meta_has),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
