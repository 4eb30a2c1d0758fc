#include "common/provider/meta/meta_account.h"
#include "tests/unit/common/provider/meta/answers.h"

#define ACCOUNT                                                                                                        \
    "{\"id\":\"act_123\",\"account_id\":\"123\",\"name\":\"Shop DE\",\"currency\":\"EUR\",\"timezone_name\":"          \
    "\"Europe/Berlin\",\"account_status\":%s}"

static struct account_info info;
static struct verdict verdict;

static int read_account(int status, const char *body)
{
    struct http_answer a = answer_of(status, "", body);

    meta_account_read(&a, &info, &verdict);
    http_answer_clear(&a);
    return verdict.rc;
}

static void test_requests(void **state)
{
    struct secret *token = secret_new("TOKEN123", 8);
    struct http_request r;
    struct err e = {0};
    (void)state;

    assert_int_equal(meta_account_request(&test_config, "act_123", token, &r, &e), 0);
    assert_string_equal(r.url, "https://graph.facebook.com/v26.0/act_123?fields=id%2Caccount_id%2Cname%2Ccurrency%2C"
                               "timezone_name%2Caccount_status");
    assert_ptr_equal(r.bearer, token);
    http_request_clear(&r);
    assert_int_equal(meta_accounts_request(&test_config, NULL, token, &r, &e), 0);
    assert_true(str_starts(r.url, "https://graph.facebook.com/v26.0/me/adaccounts?fields=id%2C"));
    assert_lacks(r.url, "after=");
    http_request_clear(&r);
    assert_int_equal(meta_accounts_request(&test_config, "QV=", token, &r, &e), 0);
    assert_contains(r.url, "&after=QV%3D");
    http_request_clear(&r);
    secret_free(token);
}

static void test_account(void **state)
{
    const char *const statuses[] = {"1", "2", "3", "100", "\"1\"", "null"};
    char body[300];
    (void)state;

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        (void)snprintf(body, sizeof body, ACCOUNT, statuses[i]);
        assert_int_equal(read_account(200, body), 0);
        assert_string_equal(info.account, "act_123");
        assert_string_equal(info.name, "Shop DE");
        assert_string_equal(info.currency, "EUR");
        assert_string_equal(info.timezone, "Europe/Berlin");
        assert_false(info.closed);
        account_info_clear(&info);
    }
    (void)snprintf(body, sizeof body, ACCOUNT, "101");
    assert_int_equal(read_account(200, body), 0);
    assert_true(info.closed);
    account_info_clear(&info);
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(read_account(400, "{\"error\":{\"message\":\"Unsupported get request. Object with ID 'act_9' does "
                                       "not exist\",\"type\":\"GraphMethodException\",\"code\":100,"
                                       "\"error_subcode\":33}}"),
                     ERR_NO_ACCESS);
    assert_null(info.account);
    assert_int_equal(read_account(200, "{\"id\":\"act_1\",\"timezone_name\":\"UTC\"}"), ERR_ANSWER);
    assert_contains(verdict.text, "currency is missing");
    assert_null(info.account);
    assert_int_equal(read_account(200, "{\"id\":\"act_1\",\"currency\":\"EUR\"}"), ERR_ANSWER);
    assert_int_equal(read_account(200, "{}"), ERR_ANSWER);
}

static char seen[200];

static void on_each(void *arg, const struct account_info *a)
{
    assert_ptr_equal(arg, seen);
    (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s %s;", a->account, a->name);
}

static int read_accounts(const char *body, struct buf *next)
{
    struct http_answer a = answer_of(200, "", body);

    seen[0] = '\0';
    buf_add_str(next, "left over");
    meta_accounts_read(&a, on_each, seen, next, &verdict);
    http_answer_clear(&a);
    return verdict.rc;
}

static void test_list(void **state)
{
#define ONE(id) "{\"id\":\"" id "\",\"name\":\"\",\"currency\":\"EUR\",\"timezone_name\":\"UTC\",\"account_status\":1}"
    struct buf next;
    (void)state;

    buf_init(&next, 4096);
    assert_int_equal(
        read_accounts("{\"data\":[" ONE("act_1") "," ONE(
                          "act_2") "],\"paging\":{\"cursors\":"
                                   "{\"after\":\"MjQZD\"},\"next\":\"https://graph.facebook.com/x?after=MjQZD\"}}",
                      &next),
        0);
    assert_string_equal(seen, "act_1 act_1;act_2 act_2;");
    assert_string_equal(buf_str(&next), "MjQZD");
    assert_int_equal(read_accounts("{\"data\":[]}", &next), 0);
    assert_string_equal(seen, "");
    assert_string_equal(buf_str(&next), "");
    assert_int_equal(read_accounts("{\"data\":[{\"name\":\"x\"}]}", &next), ERR_ANSWER);
    assert_contains(verdict.text, "ad account 0 of the list: id is missing");
    assert_int_equal(read_accounts("{\"data\":7}", &next), ERR_ANSWER);
    assert_int_equal(read_accounts("{\"error\":{\"code\":190}}", &next), ERR_NEEDS_REAUTH);
    buf_free(&next);
#undef ONE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
