#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_page.h"
#include "tests/unit/common/provider/meta/answers.h"
#include <malloc.h>
#include <stdlib.h>

static struct page page;
static struct verdict verdict;

static void read_buf(enum slice_kind kind, const struct buf *body)
{
    struct slice s = test_slice(kind);
    struct http_answer a = answer_of_bytes(200, "", body->data, body->len);

    assert_false(body->overflow || a.body.overflow);
    meta_page_read(&test_config, &s, NULL, &a, &page, &verdict);
    http_answer_clear(&a);
}

static void refused(int rc, const char *words)
{
    assert_int_equal(verdict.rc, rc);
    assert_contains(verdict.text, words);
}

static void add_many(struct buf *b, const char *text, int count)
{
    for (int i = 0; i < count; i++)
        buf_add_str(b, text);
}

static struct buf body_of(const char *before, const char *many, int count, const char *behind)
{
    struct buf b;

    buf_init(&b, 64 << 20);
    buf_add_str(&b, before);
    add_many(&b, many, count);
    buf_add_str(&b, behind);
    return b;
}

/* A row of insights with one field of so many repetitions. */
static void read_row(const char *before, const char *many, int count, const char *behind)
{
    struct buf b, row;

    buf_init(&row, 32 << 20);
    buf_add_str(&row, "{\"data\":[{\"date_start\":\"2026-11-14\",\"date_stop\":\"2026-11-14\",");
    buf_add_str(&row, before);
    b = body_of(buf_str(&row), many, count, behind);
    buf_add_str(&b, "}]}");
    read_buf(SLICE_FACTS, &b);
    buf_free(&row);
    buf_free(&b);
}

static void test_depth(void **state)
{
    struct buf b = body_of("{\"data\":[],\"x\":\"[[[[{{{{\\\"[\",\"y\":", "[", META_DEPTH_MAX - 1, "");
    (void)state;

    add_many(&b, "]", META_DEPTH_MAX - 1);
    buf_add_str(&b, "}");
    read_buf(SLICE_FACTS, &b);
    assert_int_equal(verdict.rc, 0);
    page_clear(&page);
    buf_free(&b);
    b = body_of("{\"data\":[],\"y\":", "[", META_DEPTH_MAX, "");
    read_buf(SLICE_FACTS, &b);
    refused(ERR_LIMIT, "nested more than 64 deep");
    buf_free(&b);
    b = body_of("", "{\"a\":", META_DEPTH_MAX + 1, "");
    read_buf(SLICE_FACTS, &b);
    refused(ERR_LIMIT, "nested more than 64 deep");
    buf_free(&b);
}

static size_t taken, most_taken;

static void *take(size_t size)
{
    void *memory = malloc(size);

    taken += malloc_usable_size(memory) + sizeof(size_t);
    most_taken = taken > most_taken ? taken : most_taken;
    return memory;
}

static void give(void *memory)
{
    if (memory != NULL)
        taken -= malloc_usable_size(memory) + sizeof(size_t);
    free(memory);
}

/* The largest count of `many` that passes takes no more memory than the limit says. */
static void assert_bounded(const char *before, const char *many, const char *behind)
{
    size_t least = 1, most = ((size_t)16 << 20) / strlen(many);
    struct buf b = body_of(before, many, (int)most, "");
    struct err e = {0};
    json_t *root;

    while (most - least > 1) {
        const size_t middle = least + (most - least) / 2;

        if (meta_tree_check(b.data, strlen(before) + middle * strlen(many), &e) == 0)
            least = middle;
        else
            most = middle;
    }
    assert_int_equal(e.rc, ERR_LIMIT);
    assert_contains(e.text, "more than 134217728 bytes");
    b.len = strlen(before) + least * strlen(many);
    buf_add_str(&b, behind);
    most_taken = 0;
    root = meta_json_parse(b.data, b.len, &e);
    assert_non_null(root);
    if (most_taken > META_TREE_BYTES_MAX || most_taken < META_TREE_BYTES_MAX / 8)
        fail_msg("%zu bytes for %s", most_taken, many);
    json_decref(root);
    assert_int_equal(taken, 0);
    buf_free(&b);
}

static void test_tree(void **state)
{
    (void)state;
    json_set_alloc_funcs(take, give);
    assert_bounded("[0", ",{}", "]");
    assert_bounded("[0", ",[]", "]");
    assert_bounded("[0", ",[1]", "]");
    assert_bounded("[0", ",1", "]");
    assert_bounded("[0", ",\"\"", "]");
    assert_bounded("[0", ",{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8}", "]");
    assert_bounded("[0", ",{\"action_type\":\"link_click\",\"value\":\"985\"}", "]");
    json_set_alloc_funcs(malloc, free);
}

static void test_rows(void **state)
{
    static const char row[] = ",{\"ad_id\":\"1\",\"date_start\":\"2026-11-14\",\"date_stop\":\"2026-11-14\"}";
    struct buf b = body_of("{\"data\":[", row, 20000, "]}");
    (void)state;

    b.data[sizeof "{\"data\":[" - 1] = ' '; /* the first comma */
    read_buf(SLICE_FACTS, &b);
    assert_int_equal(verdict.rc, 0);
    assert_int_equal(page.fact_count, 20000);
    page_clear(&page);
    buf_free(&b);
    b = body_of("{\"data\":[1", row, 20000, "]}");
    read_buf(SLICE_FACTS, &b);
    refused(ERR_LIMIT, "a page of 20001 rows, more than 20000");
    buf_free(&b);
}

static void test_ids(void **state)
{
    static const char *const keys[] = {"ad_id", "campaign_id", "adset_id"};
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        char before[64], words[80];

        (void)snprintf(before, sizeof before, "%s\"%s\":\"", i == 0 ? "" : "\"ad_id\":\"1\",", keys[i]);
        (void)snprintf(words, sizeof words, "%s has %d bytes, more than %d", keys[i], META_ID_BYTES_MAX + 1,
                       META_ID_BYTES_MAX);
        read_row(before, "7", META_ID_BYTES_MAX, "\"");
        assert_int_equal(verdict.rc, 0);
        page_clear(&page);
        read_row(before, "7", META_ID_BYTES_MAX + 1, "\"");
        refused(ERR_LIMIT, words);
    }
}

/* Nothing depends on its length. */
static void test_names(void **state)
{
    struct buf b = body_of("{\"data\":[{\"id\":\"1\",\"name\":\"", "x", 400000, "\"}]}");
    (void)state;

    read_buf(SLICE_ENTITIES, &b);
    assert_int_equal(verdict.rc, 0);
    assert_int_equal(strlen(page.entities[0].name), 400000);
    page_clear(&page);
    buf_free(&b);
}

static void test_details(void **state)
{
    struct buf b = body_of("{\"data\":[{\"id\":\"1\",\"buying_type\":\"", "x", 262144, "\"}]}");
    (void)state;

    read_buf(SLICE_ENTITIES, &b);
    refused(ERR_LIMIT, "campaign 1: the details need more than 262144 bytes");
    buf_free(&b);
}

static void test_actions(void **state)
{
    (void)state;
    read_row("\"ad_id\":\"1\",\"actions\":[{\"value\":1,\"action_type\":\"", "x", 1 << 20, "\"}]");
    refused(ERR_LIMIT, "the actions of one row need more than 1048576 bytes");
}

static void test_numbers(void **state)
{
    static const struct {
        int rc;
        const char *field, *words;
    } cases[] = {
        {0, "\"impressions\":\"1000000000000\"", ""},
        {ERR_LIMIT, "\"impressions\":\"1000000000001\"", "impressions is 1000000000001, more than 1000000000000"},
        {ERR_LIMIT, "\"clicks\":9223372036854775807", "more than 1000000000000"},
        {ERR_ANSWER, "\"clicks\":\"9223372036854775808\"", "no whole number"},
        {ERR_ANSWER, "\"clicks\":9223372036854775808", "no JSON"},
        {ERR_ANSWER, "\"spend\":\"1e400\"", "spend is \"1e400\", no decimal number"},
        {ERR_ANSWER, "\"spend\":1e400", "no JSON"},
        {ERR_ANSWER, "\"spend\":\"340282366920938463463374607431768211456\"", "no decimal number"},
        {ERR_ANSWER, "\"actions\":[{\"action_type\":\"lead\",\"value\":\"1e5\"}]", "no decimal number"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_row("\"ad_id\":\"1\",", cases[i].field, 1, "");
        if (verdict.rc != cases[i].rc)
            fail_msg("%s: %s", cases[i].field, err_name(verdict.rc));
        assert_contains(verdict.text, cases[i].words);
        page_clear(&page);
    }
    read_row("\"ad_id\":\"1\",\"spend\":\"", "7", 10000, "\"");
    refused(ERR_ANSWER, "spend is no decimal number");
}

static void test_days(void **state)
{
    struct buf b = body_of("{\"data\":[{\"ad_id\":\"1\",", "\"date_start\":\"99999-11-14\"", 1,
                           ",\"date_stop\":\"99999-11-14\"}]}");
    (void)state;

    read_buf(SLICE_FACTS, &b);
    refused(ERR_ANSWER, "date_start");
    buf_free(&b);
}

static void test_cursors(void **state)
{
    static const char by_cursor[] =
        "{\"data\":[],\"paging\":{\"next\":\"https://graph.facebook.com/v26.0/x\",\"cursors\":"
        "{\"after\":\"";
    static const char by_url[] = "{\"data\":[],\"paging\":{\"next\":\"https://graph.facebook.com/v26.0/x?after=";
    struct slice s = test_slice(SLICE_FACTS);
    struct http_request request;
    struct err e = {0};
    (void)state;

    for (int i = 0; i < 2; i++) {
        const char *before = i == 0 ? by_cursor : by_url, *behind = i == 0 ? "\"}}}" : "\"}}";
        struct buf b = body_of(before, "%", 4000, behind);

        read_buf(SLICE_FACTS, &b);
        assert_int_equal(verdict.rc, 0);
        assert_int_equal(meta_page_request(&test_config, &s, page.next, NULL, &request, &e), 0);
        http_request_clear(&request);
        page_clear(&page);
        buf_free(&b);
        b = body_of(before, "x", 100000, behind);
        read_buf(SLICE_FACTS, &b);
        refused(ERR_LIMIT, "the cursor of the next page has more than 4000 bytes");
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),   cmocka_unit_test(test_tree),    cmocka_unit_test(test_rows),
        cmocka_unit_test(test_ids),     cmocka_unit_test(test_names),   cmocka_unit_test(test_details),
        cmocka_unit_test(test_actions), cmocka_unit_test(test_numbers), cmocka_unit_test(test_days),
        cmocka_unit_test(test_cursors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
