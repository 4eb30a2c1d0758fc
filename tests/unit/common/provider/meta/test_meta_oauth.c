#include "common/provider/meta/meta_oauth.h"
#include "tests/unit/common/provider/meta/answers.h"

#define BACK "http://127.0.0.1:8080/auth/meta/callback"

static struct secret *word, *token, *app;
static struct provider_config config;
static struct verdict verdict;

static int setup(void **state)
{
    (void)state;
    word = secret_new("APPSECRET", 9);
    token = secret_new("TOKEN123", 8);
    app = secret_new("77|APPSECRET", 12);
    config = test_config;
    config.dialog_url = "https://www.facebook.com";
    config.app_id = "77";
    config.app_secret = word;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    secret_free(word);
    secret_free(token);
    secret_free(app);
    return 0;
}

static void test_login_url(void **state)
{
    struct buf url;
    (void)state;

    buf_init(&url, 4096);
    assert_int_equal(meta_login_url(&config, BACK, "s&t", false, &url, NULL), 0);
    assert_string_equal(buf_str(&url), "https://www.facebook.com/v26.0/dialog/oauth?client_id=77&redirect_uri="
                                       "http%3A%2F%2F127.0.0.1%3A8080%2Fauth%2Fmeta%2Fcallback&response_type=code&"
                                       "scope=ads_read%2Cbusiness_management&state=s%26t");
    buf_reset(&url);
    assert_int_equal(meta_login_url(&config, BACK, "s", true, &url, NULL), 0);
    assert_contains(buf_str(&url), "&auth_type=rerequest");
    buf_free(&url);
    buf_init(&url, 20);
    assert_int_equal(meta_login_url(&config, BACK, "s", true, &url, NULL), ERR_LIMIT);
    buf_free(&url);
}

static void assert_posts(const struct http_request *r, const char *path, const char *body)
{
    assert_string_equal(r->method, "POST");
    assert_contains(r->url, path);
    assert_lacks(r->url, "APPSECRET");
    assert_lacks(r->url, "TOKEN123");
    assert_lacks(r->url, "AQBcode");
    assert_string_equal(r->body, body);
}

static void test_secrets_travel_in_bodies(void **state)
{
    struct http_request r = {0};
    (void)state;

    assert_int_equal(meta_code_request(&config, "AQBcode&x", BACK, &r, NULL), 0);
    assert_posts(&r, "/v26.0/oauth/access_token",
                 "client_id=77&client_secret=APPSECRET&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fauth%2Fmeta%2F"
                 "callback&code=AQBcode%26x");
    assert_null(r.bearer);
    http_request_clear(&r);
    assert_int_equal(meta_extend_request(&config, token, &r, NULL), 0);
    assert_posts(&r, "/v26.0/oauth/access_token",
                 "client_id=77&client_secret=APPSECRET&grant_type=fb_exchange_token&fb_exchange_token=TOKEN123");
    http_request_clear(&r);
    assert_int_equal(meta_inspect_request(&config, token, app, &r, NULL), 0);
    assert_posts(&r, "/v26.0/debug_token?appsecret_proof=", "method=get&input_token=TOKEN123");
    assert_ptr_equal(r.bearer, app);
    http_request_clear(&r);
}

static void test_without_an_app(void **state)
{
    struct http_request r = {0};
    struct buf url;
    struct err e = {0};
    (void)state;

    config.app_secret = NULL;
    buf_init(&url, 4096);
    assert_int_equal(meta_login_url(&config, BACK, "s", false, &url, &e), ERR_SETTING);
    assert_contains(e.text, "META_APP_SECRET");
    assert_int_equal(meta_code_request(&config, "x", BACK, &r, &e), ERR_SETTING);
    assert_int_equal(meta_extend_request(&config, token, &r, &e), ERR_SETTING);
    buf_free(&url);
}

static void test_a_form_that_is_too_long(void **state)
{
    static char code[20000];
    struct http_request r = {0};
    (void)state;

    memset(code, 'x', sizeof code - 1);
    assert_int_equal(meta_code_request(&config, code, BACK, &r, NULL), ERR_LIMIT);
    assert_null(r.url);
}

static int read_grant(int status, const char *body, struct secret **out, int64_t *lifetime_s)
{
    struct http_answer a = answer_of(status, "", body);

    meta_grant_read(&a, out, lifetime_s, &verdict);
    http_answer_clear(&a);
    return verdict.rc;
}

static void test_grants(void **state)
{
    struct secret *out = NULL;
    int64_t life = 7;
    (void)state;

    assert_int_equal(
        read_grant(200, "{\"access_token\":\"EAAB1\",\"token_type\":\"bearer\",\"expires_in\":5183944}", &out, &life),
        0);
    assert_string_equal(secret_reveal(out), "EAAB1");
    assert_int_equal(life, 5183944);
    secret_free(out);
    assert_int_equal(read_grant(200, "{\"access_token\":\"EAAB1\"}", &out, &life), 0);
    assert_int_equal(life, 0);
    secret_free(out);
    const char *const wrong[] = {"{}", "{\"access_token\":7}", "{\"access_token\":\"\"}", "[]", "<html>"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(read_grant(200, wrong[i], &out, &life), 0);
        assert_null(out);
    }
    assert_int_equal(
        read_grant(400, "{\"error\":{\"code\":100,\"error_subcode\":36009,\"message\":\"used\"}}", &out, &life),
        ERR_BAD_REQUEST);
    assert_null(out);
}

static int inspect(const char *body, struct token_info *info)
{
    struct http_answer a = answer_of(200, "", body);

    meta_inspect_read(&a, info, &verdict);
    http_answer_clear(&a);
    return verdict.rc;
}

static void test_what_a_token_is_worth(void **state)
{
    struct token_info info;
    (void)state;

    assert_int_equal(
        inspect("{\"data\":{\"is_valid\":true,\"expires_at\":1900000000,\"scopes\":[\"business_management\","
                "\"ads_read\"]}}",
                &info),
        0);
    assert_true(info.valid && info.reads_ads);
    assert_int_equal(info.expires_at_s, 1900000000);
    assert_int_equal(info.scope_count, 2);
    assert_string_equal(info.scopes[1], "ads_read");
    token_info_clear(&info);
    assert_int_equal(
        inspect("{\"data\":{\"is_valid\":true,\"expires_at\":0,\"scopes\":[\"ads_management\",7]}}", &info), 0);
    assert_true(info.reads_ads);
    assert_int_equal(info.expires_at_s, 0);
    assert_int_equal(info.scope_count, 1);
    token_info_clear(&info);
    assert_int_equal(inspect("{\"data\":{\"is_valid\":true,\"scopes\":[\"public_profile\"]}}", &info), 0);
    assert_false(info.reads_ads);
    token_info_clear(&info);
    assert_int_equal(
        inspect("{\"data\":{\"is_valid\":false,\"error\":{\"code\":190,\"message\":\"logged out\",\"subcode\":467}}}",
                &info),
        0);
    assert_false(info.valid || info.reads_ads);
    assert_string_equal(info.reason, "logged out");
    token_info_clear(&info);
    assert_int_equal(inspect("{\"is_valid\":true}", &info), ERR_ANSWER);
    assert_false(info.valid);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_login_url),      CASE(test_secrets_travel_in_bodies),
                                       CASE(test_without_an_app), CASE(test_a_form_that_is_too_long),
                                       CASE(test_grants),         CASE(test_what_a_token_is_worth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
