#include "common/provider/meta/meta_verdict.h"
#include "tests/unit/common/provider/meta/answers.h"

static struct verdict verdict_of(int status, const char *headers, const char *body)
{
    struct http_answer a = answer_of(status, headers, body);
    struct verdict v;
    json_t *root = meta_verdict_read(&a, "act_123", &v);

    assert_int_equal(root != NULL, v.rc == 0);
    assert_true(str_is_utf8(v.text, strlen(v.text)));
    assert_int_equal(v.text[0] == '\0', v.rc == 0);
    json_decref(root);
    http_answer_clear(&a);
    return v;
}

static struct verdict verdict_of_code(int status, int code, int subcode, const char *more)
{
    char body[512];

    if (subcode == 0)
        (void)snprintf(body, sizeof body, "{\"error\":{\"message\":\"words\",\"code\":%d%s}}", code, more);
    else
        (void)snprintf(body, sizeof body, "{\"error\":{\"message\":\"words\",\"code\":%d,\"error_subcode\":%d%s}}",
                       code, subcode, more);
    return verdict_of(status, "", body);
}

/* Every code of the reference's sections 1.9, 7.3, 8.2 and 8.3. */
static const struct {
    int code, subcode, rc, block_s;
    bool app_wide;
} table[] = {
    {190, 0, ERR_NEEDS_REAUTH, 0, false},
    {190, 458, ERR_NEEDS_REAUTH, 0, false},
    {190, 459, ERR_NEEDS_REAUTH, 0, false},
    {190, 460, ERR_NEEDS_REAUTH, 0, false},
    {190, 463, ERR_NEEDS_REAUTH, 0, false},
    {190, 464, ERR_NEEDS_REAUTH, 0, false},
    {190, 467, ERR_NEEDS_REAUTH, 0, false},
    {190, 492, ERR_NEEDS_REAUTH, 0, false},
    {190, 493, ERR_NEEDS_REAUTH, 0, false},
    {102, 0, ERR_NEEDS_REAUTH, 0, false},
    {102, 463, ERR_NEEDS_REAUTH, 0, false},
    {2500, 0, ERR_NEEDS_REAUTH, 0, false},
    {104, 0, ERR_TRANSIENT, 0, false},
    {3, 0, ERR_NO_ACCESS, 0, false},
    {10, 0, ERR_NO_ACCESS, 0, false},
    {200, 0, ERR_NO_ACCESS, 0, false},
    {273, 0, ERR_NO_ACCESS, 0, false},
    {294, 0, ERR_NO_ACCESS, 0, false},
    {299, 0, ERR_NO_ACCESS, 0, false},
    {100, 33, ERR_NO_ACCESS, 0, false},
    {100, 3191001, ERR_NO_ACCESS, 0, false},
    {803, 0, ERR_NO_ACCESS, 0, false},
    {4, 0, ERR_THROTTLED, 60, true},
    {4, 1504022, ERR_THROTTLED, 60, true},
    {4, 1504039, ERR_THROTTLED, 60, true},
    {17, 2446079, ERR_THROTTLED, 300, false},
    {17, 0, ERR_THROTTLED, 300, false},
    {17, 1885172, ERR_THROTTLED, 300, false},
    {32, 0, ERR_THROTTLED, 60, false},
    {341, 0, ERR_THROTTLED, 3600, true},
    {368, 0, ERR_THROTTLED, 3600, false},
    {613, 0, ERR_THROTTLED, 300, true},
    {613, 1487742, ERR_THROTTLED, 300, false},
    {613, 5044001, ERR_THROTTLED, 60, false},
    {613, 1487632, ERR_THROTTLED, 60, false},
    {80000, 2446079, ERR_THROTTLED, 60, false},
    {80001, 0, ERR_THROTTLED, 60, false},
    {80002, 0, ERR_THROTTLED, 60, false},
    {80003, 2446079, ERR_THROTTLED, 60, false},
    {80004, 2446079, ERR_THROTTLED, 60, false},
    {80005, 0, ERR_THROTTLED, 60, false},
    {80006, 0, ERR_THROTTLED, 60, false},
    {80008, 0, ERR_THROTTLED, 60, false},
    {80009, 0, ERR_THROTTLED, 60, false},
    {80014, 0, ERR_THROTTLED, 60, false},
    {1, 0, ERR_TRANSIENT, 0, false},
    {1, 99, ERR_TRANSIENT, 0, false},
    {2, 0, ERR_TRANSIENT, 0, false},
    {2, 1504043, ERR_TRANSIENT, 0, false},
    {2, 1504044, ERR_TRANSIENT, 0, false},
    {-2, 2490547, ERR_TRANSIENT, 0, false},
    {2601, 1815107, ERR_TRANSIENT, 0, false},
    {960, 0, ERR_TRANSIENT, 0, false},
    {100, 1487534, ERR_TOO_MUCH_DATA, 0, false},
    {100, 1504018, ERR_TOO_MUCH_DATA, 0, false},
    {2, 1504038, ERR_TOO_MUCH_DATA, 0, false},
    {-3, 1504045, ERR_TOO_MUCH_DATA, 0, false},
    {100, 0, ERR_BAD_REQUEST, 0, false},
    {100, 4711, ERR_BAD_REQUEST, 0, false},
    {2635, 0, ERR_BAD_REQUEST, 0, false},
    {3018, 0, ERR_BAD_REQUEST, 0, false},
    {2, 1504041, ERR_BAD_REQUEST, 0, false},
    {2, 1504042, ERR_BAD_REQUEST, 0, false},
    {2642, 0, ERR_GONE, 0, false},
    {987654, 0, ERR_TRANSIENT, 0, false},
    {80007, 0, ERR_TRANSIENT, 0, false},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (int status = 200; status <= 400; status += 200) { /* an error is one under any status */
            struct verdict v = verdict_of_code(status, table[i].code, table[i].subcode, "");

            const struct quota *throttled = table[i].app_wide ? &v.app : &v.account;
            const struct quota *other = table[i].app_wide ? &v.account : &v.app;

            if (v.rc != table[i].rc || throttled->blocked_ms != (int64_t)table[i].block_s * 1000 ||
                other->blocked_ms != 0)
                fail_msg("%d/%d: %s, %d s", table[i].code, table[i].subcode, err_name(v.rc),
                         (int)(throttled->blocked_ms / 1000));
            assert_int_equal(v.code, table[i].code);
            assert_int_equal(v.subcode, table[i].subcode);
            assert_int_equal(v.account.used_percent, -1);
            assert_int_equal(v.app.used_percent, -1);
        }
    }
}

/* Meta says that it is its own fault: nobody is disabled for it. */
static void test_transient_outage(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int rc = table[i].rc;
        struct verdict v = verdict_of_code(400, table[i].code, table[i].subcode, ",\"is_transient\":true");
        struct verdict w = verdict_of_code(500, table[i].code, table[i].subcode, "");

        if (rc == ERR_NEEDS_REAUTH || rc == ERR_NO_ACCESS || rc == ERR_BAD_REQUEST)
            rc = ERR_TRANSIENT;
        assert_int_equal(v.rc, rc);
        assert_int_equal(w.rc, rc);
    }
    assert_int_equal(verdict_of_code(400, 190, 0, ",\"is_transient\":false").rc, ERR_NEEDS_REAUTH);
}

static void test_reduce(void **state)
{
    struct verdict v = verdict_of(500, "",
                                  "{\"error\":{\"code\":1,\"message\":\"Please reduce the amount of data you're asking "
                                  "for, then retry your request\"}}");
    (void)state;

    assert_int_equal(v.rc, ERR_TOO_MUCH_DATA);
    assert_int_equal(v.code, 1);
    v = verdict_of(400, "", "{\"error\":{\"code\":17,\"message\":\"Please reduce the amount of data\"}}");
    assert_int_equal(v.rc, ERR_THROTTLED); /* no other code is decided by words */
}

/* Bodies that are no error objects. */
static void test_strange_bodies(void **state)
{
    const struct {
        int status, rc;
        const char *body;
    } cases[] = {
        {200, 0, "{\"data\":[]}"},
        {200, ERR_ANSWER, ""},
        {200, ERR_ANSWER, "<html>Sorry, something went wrong</html>"},
        {200, ERR_ANSWER, "{\"data\":[{\"ad_id\":\"1"},
        {200, ERR_ANSWER, "true"},
        {200, ERR_ANSWER, "[]"},
        {200, ERR_ANSWER, "null"},
        {200, ERR_ANSWER, "{\"success\":false}"},
        {200, ERR_ANSWER, "{\"Service Unavailable\":1}"},
        {200, 0, "{\"error\":null,\"data\":[]}"},
        {200, ERR_TRANSIENT, "{\"error\":\"something\"}"},
        {200, ERR_TRANSIENT, "{\"error\":{}}"},
        {200, ERR_TRANSIENT, "{\"error\":[1]}"},
        {200, ERR_NEEDS_REAUTH, "{\"error\":{\"code\":\"190\",\"message\":7}}"},
        {200, ERR_ANSWER, "{\"error\":{\"code\":99999999999999999999}}"}, /* no JSON to us */
        {200, ERR_TRANSIENT, "{\"error\":{\"code\":4.5}}"},
        {200, ERR_TRANSIENT, "{\"error\":{\"code\":9999999999}}"},
        {500, ERR_TRANSIENT, "{\"error\":{\"code\":2}}"},
        {500, ERR_TRANSIENT, "{\"data\":[]}"},
        {502, ERR_TRANSIENT, "<html>"},
        {503, ERR_TRANSIENT, ""},
        {404, ERR_TRANSIENT, "<html>not found</html>"},
        {401, ERR_TRANSIENT, "<html>"},
        {302, ERR_TRANSIENT, ""},
        {429, ERR_THROTTLED, "slow down"},
        {401, ERR_NEEDS_REAUTH, "{\"error\":{\"code\":190,\"message\":\"Invalid OAuth access token.\"}}"},
        {403, ERR_THROTTLED, "{\"error\":{\"code\":4,\"message\":\"(#4)\",\"is_transient\":true}}"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct verdict v = verdict_of(cases[i].status, "", cases[i].body);

        if (v.rc != cases[i].rc)
            fail_msg("%d %s: %s", cases[i].status, cases[i].body, err_name(v.rc));
    }
    assert_int_equal(verdict_of(0, "", "").rc, ERR_NETWORK);
    assert_int_equal(verdict_of(429, "", "").account.blocked_ms, 60000);
}

static void test_depth(void **state)
{
    char *deep = malloc(300001);
    (void)state;

    memset(deep, '[', 300000);
    deep[300000] = '\0';
    assert_int_equal(verdict_of(200, "", deep).rc, ERR_LIMIT);
    assert_int_equal(verdict_of(500, "", deep).rc, ERR_TRANSIENT);
    free(deep);
}

static void test_words(void **state)
{
    struct verdict v = verdict_of(
        400, "",
        "{\"error\":{\"message\":\"Error validating access token: Session has expired on Wednesday, 14-Feb-18 18:00:00 "
        "PST.\",\"type\":\"OAuthException\",\"code\":190,\"error_subcode\":463,\"fbtrace_id\":\"EJplcsCHuLu\"}}");
    (void)state;

    assert_string_equal(v.text, "Error validating access token: Session has expired on Wednesday, 14-Feb-18 18:00:00 "
                                "PST. (Meta's code 190/463, trace EJplcsCHuLu)");
    v = verdict_of(400, "", "{\"error\":{\"code\":100,\"fbtrace_id\":\"a\\n\\\"b\"}}");
    assert_string_equal(v.text, "an error without a message (Meta's code 100/0, trace a??b)");
    v = verdict_of(400, "", "{\"error\":{\"code\":100,\"message\":\"a\\nb\\u0007\\tc\\u007f\"}}");
    assert_string_equal(v.text, "a b  c  (Meta's code 100/0)");
}

static void test_no_token_in_words(void **state)
{
    const char *const words[] = {
        "Malformed access token EAABsbCS1iHgBAKZCq7ZBkVN",
        "Malformed access token sandbox-token-42",
        "Malformed access token s3cr3tword.",
        "bad call https://graph.facebook.com/v26.0/act_1?access_token=s3cr3tword&x=1",
        "https://x/?fields=a&appsecret_proof=s3cr3tword",
        "Authorization: Bearer s3cr3tword refused",
    };
    (void)state;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char body[300];
        struct verdict v;

        (void)snprintf(body, sizeof body, "{\"error\":{\"code\":190,\"message\":\"%s\"}}", words[i]);
        v = verdict_of(400, "", body);
        assert_contains(v.text, "***");
        assert_lacks(v.text, "s3cr3tword");
        assert_lacks(v.text, "EAABsb");
        assert_lacks(v.text, "token-42");
    }
}

/* Cut at a character, and the codes are always there. */
static void test_long_words(void **state)
{
    struct buf body;
    struct verdict v;
    (void)state;

    for (int shift = 0; shift < 4; shift++) {
        buf_init(&body, 1 << 20);
        buf_add_str(&body, "{\"error\":{\"code\":2642,\"fbtrace_id\":\"Abc\",\"message\":\"");
        buf_add(&body, "xyz", (size_t)shift);
        for (int i = 0; i < 3000; i++)
            buf_add_str(&body, "\xf0\x9f\x98\x80");
        buf_add_str(&body, "\"}}");
        v = verdict_of(400, "", buf_str(&body));
        assert_int_equal(v.rc, ERR_GONE);
        assert_contains(v.text, "\xf0\x9f\x98\x80 (Meta's code 2642/0, trace Abc)");
        assert_true(strlen(v.text) > sizeof v.text - 8);
        buf_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),      cmocka_unit_test(test_transient_outage),
        cmocka_unit_test(test_reduce),     cmocka_unit_test(test_strange_bodies),
        cmocka_unit_test(test_depth),      cmocka_unit_test(test_words),
        cmocka_unit_test(test_long_words), cmocka_unit_test(test_no_token_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
