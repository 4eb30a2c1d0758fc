#include "common/base/check.h"
#include "common/base/str.h"
#include "common/remote/account_call.h"
#include "common/store/budget.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The services, played by the test: every operation ends at once, on the next turn, as the script says. */
enum { STEPS_MAX = 16, LOG_BYTES = 4000 };

static struct {
    struct loop *loop;
    struct {
        int rc;     /* of the transfer */
        int status; /* of the answer */
        const char *body;
    } answers[STEPS_MAX];
    int answered;
    int budget_missing; /* so many takes find no budget */
    int64_t refuse_ms;  /* the budget says no for so long */
    int limit_rc, seed_rc, settle_rc;
    int64_t limit; /* of the account's connections; 0 = none sets one */
    int bodies;    /* taken and not released */
    char log[LOG_BYTES];
} play;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    const size_t len = strlen(play.log);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(play.log + len, sizeof play.log - len, format, args);
    va_end(args);
}

struct ending {
    void (*limit)(void *arg, int rc, int64_t limit, const struct err *e);
    void (*taken)(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e);
    void (*ended)(void *arg, int rc, const struct err *e);
    http_done http;
    void (*timer)(void *arg);
    void *arg;
    int rc;
    int64_t retry_ms;
};

static void on_turn(void *arg)
{
    struct ending *x = arg;
    struct err e = {0};
    struct http_answer a = {0};

    if (x->rc != 0)
        (void)err_set(&e, x->rc, "as the test wants it");
    if (x->limit != NULL)
        x->limit(x->arg, x->rc, x->rc == 0 && play.limit > 0 ? play.limit : -1, &e);
    if (x->taken != NULL)
        x->taken(x->arg, x->rc, x->rc == 0 && x->retry_ms < 0, x->retry_ms < 0 ? 0 : x->retry_ms, &e);
    if (x->ended != NULL)
        x->ended(x->arg, x->rc, &e);
    if (x->timer != NULL)
        x->timer(x->arg);
    if (x->http != NULL) {
        const char *body = play.answers[play.answered].body;

        a.status = play.answers[play.answered].status;
        buf_init(&a.body, 1 << 20);
        buf_init(&a.headers, 1 << 20);
        buf_add_str(&a.body, body != NULL ? body : "");
        play.answered++;
        play.bodies += x->rc == 0;
        x->http(x->arg, x->rc, &a, x->rc != ERR_NETWORK, &e);
        http_answer_clear(&a);
    }
    free(x);
}

static void end_later(struct ending how)
{
    struct ending *x = malloc(sizeof *x);

    CHECK(x != NULL);
    *x = how;
    loop_defer(play.loop, on_turn, x);
}

void budget_scope_account(struct budget_scope *s, const char *provider, const char *account, int64_t limit,
                          int64_t window_seconds)
{
    (void)snprintf(s->name, sizeof s->name, "%s:%s", provider, account);
    s->limit = limit;
    s->window_ms = window_seconds * 1000;
}

void budget_scope_app(struct budget_scope *s, const char *provider, int64_t limit, int64_t window_seconds)
{
    budget_scope_account(s, provider, "app", limit, window_seconds);
}

void budget_limit(struct db_pool *p, const char *provider, const char *account,
                  void (*done)(void *arg, int rc, int64_t limit, const struct err *e), void *arg)
{
    (void)p;
    note("limit %s %s;", provider, account);
    end_later((struct ending){.limit = done, .arg = arg, .rc = play.limit_rc});
}

void budget_seed(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *scopes, int count,
                 void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    (void)r, (void)p, (void)prefix;
    assert_int_equal(count, 2);
    note("seed %s %d %s;", scopes[0].name, (int)scopes[0].limit, scopes[1].name);
    end_later((struct ending){.ended = done, .arg = arg, .rc = play.seed_rc});
}

void budget_take(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *account,
                 const struct budget_scope *app,
                 void (*done)(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e), void *arg)
{
    int64_t retry_ms = play.refuse_ms > 0 ? play.refuse_ms : -1;

    (void)r, (void)p, (void)app;
    assert_string_equal(prefix, "{test}");
    if (play.budget_missing > 0) {
        play.budget_missing--;
        retry_ms = 0;
    }
    note("take %s;", account->name);
    end_later((struct ending){.taken = done, .arg = arg, .retry_ms = retry_ms});
}

void budget_settle(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *account,
                   const struct budget_scope *app, bool sent, const struct quota *account_said,
                   const struct quota *app_said, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    (void)r, (void)p, (void)prefix, (void)account, (void)app;
    note("settle%s%s%s;", sent ? "" : " unsent", account_said->blocked_ms > 0 ? " blocked" : "",
         app_said->blocked_ms > 0 ? " blocked app" : "");
    end_later((struct ending){.ended = done, .arg = arg, .rc = play.settle_rc});
}

struct http_call *http_send(struct http_client *c, const struct http_request *r, http_done done, void *arg)
{
    const char *after = strstr(r->url, "after=");

    (void)c;
    assert_true(play.answered < STEPS_MAX);
    assert_null(strstr(r->url, "TOKEN"));
    assert_string_equal(secret_reveal(r->bearer), "TOKEN");
    note("send %s;", after != NULL ? after : "");
    end_later((struct ending){.http = done, .arg = arg, .rc = play.answers[play.answered].rc});
    return NULL;
}

void http_cancel(struct http_call *call)
{
    (void)call;
    fail();
}

struct http_answer http_answer_take(struct http_answer *a)
{
    struct http_answer taken = *a;

    *a = (struct http_answer){0};
    return taken;
}

void http_body_released(struct http_client *c)
{
    (void)c;
    play.bodies--;
}

struct timer *timer_start(struct loop *l, int64_t after_ms, void (*fn)(void *arg), void *arg)
{
    (void)l;
    note("wait %d;", (int)after_ms);
    end_later((struct ending){.timer = fn, .arg = arg});
    return NULL;
}

/* A loop of deferred calls, all that these services need. */
static struct {
    void (*fn)(void *arg);
    void *arg;
} queue[64];
static int queued;

void loop_defer(struct loop *l, void (*fn)(void *arg), void *arg)
{
    (void)l;
    CHECK(queued < 64);
    queue[queued].fn = fn;
    queue[queued++].arg = arg;
}

static void run_loop(void)
{
    for (int i = 0; i < queued; i++)
        queue[i].fn(queue[i].arg);
    queued = 0;
}

/* --- the tests --- */

static struct settings settings = {.queue_prefix = "{test}",
                                   .meta_graph_url = "https://graph.facebook.com",
                                   .meta_api_version = "v26.0",
                                   .meta_calls_per_window = 200,
                                   .meta_window_seconds = 3600};
static struct remote remote;
static struct secret *token;
static int ended;
static struct err outcome;

static void on_checked(void *arg, int rc, const struct account_info *info, const struct err *e)
{
    assert_ptr_equal(arg, &ended);
    assert_int_equal(rc == 0, info != NULL);
    if (info != NULL)
        note("%s %s %s;", info->account, info->currency, info->timezone);
    outcome = *e;
    assert_int_equal(outcome.rc, rc);
    ended++;
}

static void on_each(void *arg, const struct account_info *info)
{
    assert_ptr_equal(arg, &ended);
    note("%s;", info->account);
}

static void on_listed(void *arg, int rc, const struct err *e)
{
    assert_ptr_equal(arg, &ended);
    outcome = *e;
    assert_int_equal(outcome.rc, rc);
    ended++;
}

static void check_account(void)
{
    account_check(&remote, provider_find("meta"), "act_1", token, on_checked, &ended);
    assert_int_equal(ended, 0); /* never inside the call */
    run_loop();
    assert_int_equal(ended, 1);
    assert_int_equal(play.bodies, 0);
}

static void list_accounts(void)
{
    account_list(&remote, provider_find("meta"), token, on_each, on_listed, &ended);
    assert_int_equal(ended, 0);
    run_loop();
    assert_int_equal(ended, 1);
    assert_int_equal(play.bodies, 0);
}

static void script(int step, int rc, int status, const char *body)
{
    play.answers[step].rc = rc;
    play.answers[step].status = status;
    play.answers[step].body = body;
}

static const char account[] = "{\"id\":\"act_1\",\"name\":\"x\",\"currency\":\"EUR\",\"timezone_name\":\"UTC\"}";

/* What comes before the first call. */
#define SEEDED "limit meta act_1;seed meta:act_1 200 meta:app;"

static void test_check(void **state)
{
    (void)state;
    script(0, 0, 200, account);
    check_account();
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(play.log, SEEDED "take meta:act_1;send ;settle;act_1 EUR UTC;");
}

static void test_lost_budget_is_seeded_again(void **state)
{
    (void)state;
    play.budget_missing = 1;
    script(0, 0, 200, account);
    check_account();
    assert_string_equal(play.log, SEEDED
                        "take meta:act_1;seed meta:act_1 200 meta:app;take meta:act_1;send ;settle;act_1 EUR UTC;");
}

static void test_budget_that_stays_lost(void **state)
{
    (void)state;
    play.budget_missing = 2;
    check_account();
    assert_int_equal(outcome.rc, ERR_THROTTLED);
    assert_string_equal(play.log, SEEDED "take meta:act_1;seed meta:act_1 200 meta:app;take meta:act_1;");
}

static void test_limit_of_the_accounts_connections(void **state)
{
    (void)state;
    play.limit = 7;
    script(0, 0, 200, account);
    check_account();
    assert_string_equal(play.log, "limit meta act_1;seed meta:act_1 7 meta:app;take meta:act_1;send ;settle;"
                                  "act_1 EUR UTC;");
}

static void test_without_the_limit_nothing_is_asked(void **state)
{
    (void)state;
    play.limit_rc = ERR_DB_AWAY;
    check_account();
    assert_int_equal(outcome.rc, ERR_DB_AWAY);
    assert_string_equal(play.log, "limit meta act_1;");
}

static void test_seed_fails(void **state)
{
    (void)state;
    play.seed_rc = ERR_REDIS_AWAY;
    check_account();
    assert_int_equal(outcome.rc, ERR_REDIS_AWAY);
}

static void test_spent_budget(void **state)
{
    (void)state;
    play.refuse_ms = 41001;
    check_account();
    assert_int_equal(outcome.rc, ERR_THROTTLED);
    assert_string_equal(outcome.text, "act_1: the budget allows no call for the next 42 s");
    assert_string_equal(play.log, SEEDED "take meta:act_1;");
}

static void test_transient_failures_are_retried_twice(void **state)
{
    (void)state;
    script(0, 0, 500, "{\"error\":{\"code\":2,\"message\":\"away\"}}");
    script(1, ERR_NETWORK, 0, NULL);
    script(2, 0, 200, account);
    check_account();
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(play.log,
                        SEEDED "take meta:act_1;send ;settle;wait 1000;take meta:act_1;send ;settle unsent;wait 3000;"
                               "take meta:act_1;send ;settle;act_1 EUR UTC;");
}

static void test_third_failure_is_the_last(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        script(i, ERR_TIMEOUT, 0, NULL);
    check_account();
    assert_int_equal(outcome.rc, ERR_TIMEOUT);
    assert_int_equal(play.answered, 3);
}

static void test_refusals_are_final(void **state)
{
    (void)state;
    script(0, 0, 400, "{\"error\":{\"code\":190,\"error_subcode\":463,\"message\":\"Session has expired\"}}");
    play.settle_rc = ERR_REDIS_AWAY; /* changes nothing */
    check_account();
    assert_int_equal(outcome.rc, ERR_NEEDS_REAUTH);
    assert_string_equal(outcome.text, "act_1: Session has expired (Meta's code 190/463)");
    assert_int_equal(play.answered, 1);
}

static void test_block_reaches_the_budget(void **state)
{
    (void)state;
    script(0, 0, 403, "{\"error\":{\"code\":4,\"message\":\"Application request limit reached\"}}");
    check_account();
    assert_int_equal(outcome.rc, ERR_THROTTLED);
    assert_string_equal(play.log, SEEDED "take meta:act_1;send ;settle blocked app;");
}

static void test_cancelled(void **state)
{
    (void)state;
    script(0, ERR_CANCELED, 0, NULL);
    check_account();
    assert_int_equal(outcome.rc, ERR_CANCELED);
    assert_string_equal(play.log, SEEDED "take meta:act_1;send ;settle;");
}

#define ONE(id) "{\"id\":\"" id "\",\"currency\":\"EUR\",\"timezone_name\":\"UTC\"}"
#define NEXT(after) ",\"paging\":{\"cursors\":{\"after\":\"" after "\"},\"next\":\"https://graph.facebook.com/x\"}"

static void test_list_of_pages(void **state)
{
    (void)state;
    script(0, 0, 200, "{\"data\":[" ONE("act_1") "," ONE("act_2") "]" NEXT("B") "}");
    script(1, 0, 503, "");
    script(2, 0, 200, "{\"data\":[]" NEXT("C") "}");
    script(3, 0, 200, "{\"data\":[" ONE("act_3") "],\"paging\":{\"cursors\":{\"after\":\"D\"}}}");
    list_accounts();
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(play.log, "limit meta ;seed meta:me 200 meta:app;take meta:me;send ;act_1;act_2;settle;take "
                                  "meta:me;send after=B;settle;wait 1000;"
                                  "take meta:me;send after=B;settle;take meta:me;send after=C;act_3;settle;");
}

static void test_list_in_a_circle(void **state)
{
    (void)state;
    script(0, 0, 200, "{\"data\":[]" NEXT("B") "}");
    script(1, 0, 200, "{\"data\":[]" NEXT("B") "}");
    list_accounts();
    assert_int_equal(outcome.rc, ERR_ANSWER);
    assert_int_equal(play.answered, 2);
}

static void test_list_refused(void **state)
{
    (void)state;
    script(0, 0, 400, "{\"error\":{\"code\":190,\"message\":\"no\"}}");
    list_accounts();
    assert_int_equal(outcome.rc, ERR_NEEDS_REAUTH);
    assert_string_equal(outcome.text, "the token's ad accounts: no (Meta's code 190/0)");
}

static int setup(void **state)
{
    (void)state;
    memset(&play, 0, sizeof play);
    ended = 0;
    queued = 0;
    token = secret_new("TOKEN", 5);
    remote_init(&remote, NULL, NULL, NULL, NULL, &settings);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    secret_free(token);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_check),
        TEST(test_lost_budget_is_seeded_again),
        TEST(test_budget_that_stays_lost),
        TEST(test_limit_of_the_accounts_connections),
        TEST(test_without_the_limit_nothing_is_asked),
        TEST(test_seed_fails),
        TEST(test_spent_budget),
        TEST(test_transient_failures_are_retried_twice),
        TEST(test_third_failure_is_the_last),
        TEST(test_refusals_are_final),
        TEST(test_block_reaches_the_budget),
        TEST(test_cancelled),
        TEST(test_list_of_pages),
        TEST(test_list_in_a_circle),
        TEST(test_list_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
