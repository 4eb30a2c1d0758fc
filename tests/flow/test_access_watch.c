#include "common/base/str.h"
#include "common/remote/account_call.h"
#include "common/store/access.h"
#include "worker/access_watch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The watch in a world that the test plays: each call is remembered, and the test says how it ends. */
struct timer {
    void (*fn)(void *arg);
    void *arg;
};
static struct {
    struct timer timer; /* fn NULL: none */
    int64_t after_ms;
    void (*deferred)(void *arg);
    void *deferred_arg;
    void (*claimed)(void *arg, int rc, const struct access_claim *claim, const struct err *e);
    void (*checked)(void *arg, int rc, const struct account_info *info, const struct err *e);
    void (*told)(void *arg, int rc, const struct err *e);
    void (*woken)(void *arg, int rc, const struct err *e);
    void *arg;
    char log[400];
    bool redis_up, db_up;
    int token_rc, canceled, ended;
} play;

static struct settings settings;
static struct service service = {.settings = &settings};
static struct job_context context = {.service = &service};
static struct access_watch *watch;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    const size_t len = strlen(play.log);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(play.log + len, sizeof play.log - len, format, args);
    va_end(args);
}

bool redis_ready(const struct redis *r)
{
    (void)r;
    return play.redis_up;
}

bool db_pool_ready(const struct db_pool *p)
{
    (void)p;
    return play.db_up;
}

struct timer *timer_start(struct loop *l, int64_t after_ms, void (*fn)(void *arg), void *arg)
{
    (void)l;
    assert_null(play.timer.fn);
    play.timer = (struct timer){.fn = fn, .arg = arg};
    play.after_ms = after_ms;
    return &play.timer;
}

void timer_cancel(struct timer *t)
{
    if (t != NULL)
        t->fn = NULL;
}

void loop_defer(struct loop *l, void (*fn)(void *arg), void *arg)
{
    (void)l;
    assert_null(play.deferred);
    play.deferred = fn;
    play.deferred_arg = arg;
}

void access_claim(struct db_pool *p, void (*done)(void *, int, const struct access_claim *, const struct err *),
                  void *arg)
{
    (void)p;
    note("claim;");
    play.claimed = done;
    play.arg = arg;
}

void access_back(struct db_pool *p, const char *id, void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    note("back %s;", id);
    play.told = done;
    play.arg = arg;
}

void access_refused(struct db_pool *p, const char *id, const char *status, const char *reason, const char *code,
                    void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    note("refused %s %s (%s) %s;", id, status, reason, code == NULL ? "-" : code);
    play.told = done;
    play.arg = arg;
}

void access_unsaid(struct db_pool *p, const char *id, void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    note("unsaid %s;", id);
    play.told = done;
    play.arg = arg;
}

void remote_init(struct remote *r, struct loop *l, struct db_pool *db, struct redis *redis, struct http_client *http,
                 const struct settings *s)
{
    (void)r, (void)l, (void)db, (void)redis, (void)http, (void)s;
}

struct remote_call *account_check(struct remote *r, const struct provider *provider, const char *account,
                                  const struct secret *token,
                                  void (*done)(void *, int, const struct account_info *, const struct err *), void *arg)
{
    (void)r;
    note("ask %s %s %s;", provider->name, account, secret_reveal(token));
    play.checked = done;
    play.arg = arg;
    return (struct remote_call *)&play;
}

void account_check_cancel(struct remote_call *c)
{
    assert_ptr_equal(c, &play);
    play.canceled++;
}

int job_token_open(struct job_context *x, const char *token_enc, struct secret **out, struct err *e)
{
    assert_ptr_equal(x, &context);
    *out = NULL;
    if (play.token_rc != 0)
        return err_set(e, play.token_rc, "no key opens it");
    *out = secret_new(token_enc, strlen(token_enc));
    return 0;
}

void queue_wake_for_all(struct queue *q, queue_done done, void *arg)
{
    (void)q;
    note("wake;");
    play.woken = done;
    play.arg = arg;
}

/* ---- the world moves ---- */

static void time_passes(void)
{
    struct timer t = play.timer;
    assert_non_null(t.fn);
    play.timer.fn = NULL;
    t.fn(t.arg);
}

static void claimed(int rc, const char *id)
{
    const struct err e = {.rc = rc, .text = "as the test says"};
    struct access_claim claim = {.provider = "meta", .account = "act_1", .status = "no_access", .token_enc = "T"};
    if (id != NULL)
        (void)str_copy(claim.id, sizeof claim.id, id);
    play.claimed(play.arg, rc, id == NULL ? NULL : &claim, &e);
}

static void checked(int rc, bool closed)
{
    const struct err e = {.rc = rc, .text = "as the test says"};
    const struct account_info info = {.account = "act_1", .closed = closed};
    play.checked(play.arg, rc, rc == 0 ? &info : NULL, &e);
}

static void told(int rc)
{
    const struct err e = {.rc = rc, .text = "as the test says"};
    play.told(play.arg, rc, &e);
}

static void on_ended(void *arg)
{
    assert_ptr_equal(arg, &play);
    play.ended++;
}

static void stop(void)
{
    access_watch_stop(watch, on_ended, &play);
    assert_int_equal(play.ended, 0); /* never inside the call */
}

static void run_deferred(void)
{
    void (*fn)(void *) = play.deferred;
    assert_non_null(fn);
    play.deferred = NULL;
    fn(play.deferred_arg);
}

static int setup(void **state)
{
    (void)state;
    memset(&play, 0, sizeof play);
    play.redis_up = play.db_up = true;
    watch = access_watch_new(&context);
    access_watch_start(watch);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    access_watch_free(watch);
    return 0;
}

/* ---- the tests ---- */

static void nobody_is_asked_for_whose_time_has_not_come(void **state)
{
    (void)state;
    assert_string_equal(play.log, "");
    time_passes();
    claimed(0, NULL);
    assert_string_equal(play.log, "claim;");
    assert_int_equal(play.after_ms, 3000);
    time_passes();
    assert_string_equal(play.log, "claim;claim;");
}

static void access_that_is_back_wakes_everybody_and_the_next_follows(void **state)
{
    (void)state;
    time_passes();
    claimed(0, "k");
    checked(0, false);
    told(0);
    play.woken(play.arg, 0, NULL);
    assert_string_equal(play.log, "claim;ask meta act_1 T;back k;wake;claim;");
    assert_null(play.timer.fn); /* one at a time, but without a rest */
}

static void what_the_provider_says_now_is_kept(void **state)
{
    static const struct {
        int rc;
        bool closed;
        const char *told;
    } cases[] = {
        {ERR_NO_ACCESS, false, "refused k no_access (as the test says) no_access;"},
        {ERR_NEEDS_REAUTH, false, "refused k needs_reauth (as the test says) needs_reauth;"},
        {0, true, "refused k disabled (the account is closed at the provider) -;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char log[200];
        teardown(state);
        setup(state);
        time_passes();
        claimed(0, "k");
        checked(cases[i].rc, cases[i].closed);
        told(0);
        (void)snprintf(log, sizeof log, "claim;ask meta act_1 T;%sclaim;", cases[i].told);
        assert_string_equal(play.log, log);
    }
}

static void an_outage_or_a_spent_budget_says_nothing(void **state)
{
    static const int codes[] = {ERR_TRANSIENT, ERR_NETWORK,     ERR_TIMEOUT,  ERR_THROTTLED, ERR_ANSWER,
                                ERR_CONFLICT,  ERR_BAD_REQUEST, ERR_CANCELED, ERR_REDIS_AWAY};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        teardown(state);
        setup(state);
        time_passes();
        claimed(0, "k");
        checked(codes[i], false);
        told(0);
        assert_string_equal(play.log, "claim;ask meta act_1 T;unsaid k;claim;");
    }
}

static void a_token_that_no_key_opens_is_no_answer(void **state)
{
    (void)state;
    play.token_rc = ERR_CRYPTO;
    time_passes();
    claimed(0, "k");
    told(0);
    assert_string_equal(play.log, "claim;unsaid k;claim;");
}

static void while_a_server_is_away_nobody_is_asked_for(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        play.redis_up = i > 0;
        play.db_up = i == 0;
        time_passes();
    }
    assert_string_equal(play.log, "");
    play.redis_up = true;
    play.db_up = true;
    time_passes();
    claimed(ERR_DB_AWAY, NULL);
    assert_non_null(play.timer.fn);
    time_passes();
    claimed(0, "k");
    checked(0, false);
    told(ERR_DB_AWAY);
    assert_non_null(play.timer.fn); /* it comes again when its time does */
}

static void a_stop_while_it_rests(void **state)
{
    (void)state;
    stop();
    assert_null(play.timer.fn);
    run_deferred();
    assert_int_equal(play.ended, 1);
}

static void a_stop_breaks_the_check_off(void **state)
{
    (void)state;
    time_passes();
    claimed(0, "k");
    stop();
    assert_int_equal(play.canceled, 1);
    checked(ERR_CANCELED, false);
    told(0);
    run_deferred();
    assert_int_equal(play.ended, 1);
    assert_string_equal(play.log, "claim;ask meta act_1 T;unsaid k;");
}

static void a_stop_while_it_looks(void **state)
{
    (void)state;
    time_passes();
    stop();
    claimed(0, "k");
    assert_int_equal(play.canceled, 1);
    checked(ERR_CANCELED, false);
    told(ERR_DB_AWAY);
    run_deferred();
    assert_int_equal(play.ended, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nobody_is_asked_for_whose_time_has_not_come),
        CASE(access_that_is_back_wakes_everybody_and_the_next_follows),
        CASE(what_the_provider_says_now_is_kept),
        CASE(an_outage_or_a_spent_budget_says_nothing),
        CASE(a_token_that_no_key_opens_is_no_answer),
        CASE(while_a_server_is_away_nobody_is_asked_for),
        CASE(a_stop_while_it_rests),
        CASE(a_stop_breaks_the_check_off),
        CASE(a_stop_while_it_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
