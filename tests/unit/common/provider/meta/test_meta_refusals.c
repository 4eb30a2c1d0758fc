#include "tests/unit/common/provider/meta/page_case.h"

static const char bad_filter[] = "{\"error\":{\"message\":\"(#100) Cannot Request for Deleted Objects\",\"code\":100}}";

static void test_step_down(void **state)
{
    const char *const steps[][2] = {{NULL, "c1"},   {"c1", "c2"}, {"c2", "c3"}, {"c3", "c4"}, {"c4X", "c5"},
                                    {"s0XY", "s1"}, {"s2", "s3"}, {"a0", "a1"}, {"a1Z", "a2"}};
    struct slice s = test_slice(SLICE_ENTITIES);
    (void)state;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(read_answer(&s, steps[i][0], answer_of(400, "", bad_filter)), 0);
        assert_string_equal(page.next, steps[i][1]);
        assert_int_equal(page.entity_count, 0);
        assert_true(verdict.stepped_down);
        assert_contains(verdict.text, "Cannot Request for Deleted Objects");
        page_clear(&page);
    }
    assert_int_equal(read_answer(&s, "c5", answer_of(400, "", bad_filter)), ERR_BAD_REQUEST);
    assert_false(verdict.stepped_down);
    assert_int_equal(read_answer(&s, "a2", answer_of(400, "", bad_filter)),
                     ERR_BAD_REQUEST); /* an ad needs its fields */
    s.kind = SLICE_FACTS;
    assert_int_equal(read_answer(&s, "i1MAZD", answer_of(400, "", bad_filter)), 0);
    assert_string_equal(page.next, "i2");
    page_clear(&page);
    /* other errors 100 are no question of filters */
    assert_int_equal(read_answer(&s, NULL, answer_of(400, "", "{\"error\":{\"code\":100,\"error_subcode\":1487534}}")),
                     ERR_TOO_MUCH_DATA);
    assert_int_equal(read_answer(&s, NULL, answer_of(400, "", "{\"error\":{\"code\":100,\"error_subcode\":33}}")),
                     ERR_NO_ACCESS);
    assert_int_equal(read_answer(&s, NULL, answer_of(500, "", bad_filter)), ERR_TRANSIENT);
}

/* One field that may not be read refuses the whole question: what can be left out is, with the filter as it was. */
static void test_a_forbidden_field(void **state)
{
    static const char *const refused[] = {"{\"error\":{\"code\":10,\"message\":\"(#10) Permission Denied\"}}",
                                          "{\"error\":{\"code\":200,\"message\":\"(#200) Permissions error\"}}"};
    const char *const steps[][2] = {{NULL, "c3"}, {"c1", "c4"}, {"s2AB", "s5"}};
    struct slice s = test_slice(SLICE_ENTITIES);
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        s.kind = SLICE_ENTITIES;
        for (size_t j = 0; j < sizeof steps / sizeof steps[0]; j++) {
            assert_int_equal(read_answer(&s, steps[j][0], answer_of(403, "", refused[i])), 0);
            assert_string_equal(page.next, steps[j][1]);
            page_clear(&page);
        }
        assert_int_equal(read_answer(&s, "c3", answer_of(403, "", refused[i])), ERR_NO_ACCESS);
        assert_int_equal(read_answer(&s, "a0", answer_of(403, "", refused[i])), ERR_NO_ACCESS);
        s.kind = SLICE_FACTS;
        assert_int_equal(read_answer(&s, NULL, answer_of(403, "", refused[i])), 0);
        assert_string_equal(page.next, "i3");
        page_clear(&page);
        assert_int_equal(read_answer(&s, "i3", answer_of(403, "", refused[i])), ERR_NO_ACCESS);
        s.hourly = true;
        assert_int_equal(read_answer(&s, NULL, answer_of(403, "", refused[i])), ERR_NO_ACCESS);
        s.hourly = false;
        s.kind = SLICE_TOTALS;
        assert_int_equal(read_answer(&s, NULL, answer_of(403, "", refused[i])), ERR_NO_ACCESS);
    }
    s.kind = SLICE_ENTITIES;
    assert_int_equal(read_body(&s, "c3", "{\"data\":[{\"id\":\"7\",\"name\":\"x\"}]}"), 0);
    assert_null(page.entities[0].details); /* unknown */
    assert_string_equal(page.next, "s0");  /* the next listing is asked for all its fields */
    page_clear(&page);
}

/* A version that was given up is served by a later one. */
static void test_another_version_answers(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    (void)state;

    assert_int_equal(read_answer(&s, NULL, answer_of(200, "facebook-api-version: v27.0\r\n", "{\"data\":[]}")), 0);
    assert_string_equal(verdict.served, "v27.0");
    page_clear(&page);
    assert_int_equal(read_answer(&s, NULL, answer_of(200, "Facebook-API-Version: v26.0\r\n", "{\"data\":[]}")), 0);
    assert_string_equal(verdict.served, "");
    page_clear(&page);
    assert_int_equal(read_answer(&s, NULL, answer_of(200, "", "{\"data\":[]}")), 0);
    assert_string_equal(verdict.served, "");
    page_clear(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_down),
        cmocka_unit_test(test_a_forbidden_field),
        cmocka_unit_test(test_another_version_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
