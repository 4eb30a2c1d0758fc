#include "tests/flow/account_call_fakes.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/remote/account_call.h"
#include "common/store/budget.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct account_call_fakes play;

void play_note(const char *format, ...)
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

    if (x->http != NULL && play.canceled)
        x->rc = ERR_CANCELED;
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
    struct ending *x = mem_new(1, sizeof *x);

    *x = how;
    loop_defer(NULL, on_turn, x);
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
    play_note("limit %s %s;", provider, account);
    end_later((struct ending){.limit = done, .arg = arg, .rc = play.limit_rc});
}

void budget_seed(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *scopes, int count,
                 void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    (void)r, (void)p, (void)prefix;
    assert_int_equal(count, 2);
    play_note("seed %s %d %s;", scopes[0].name, (int)scopes[0].limit, scopes[1].name);
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
    play_note("take %s;", account->name);
    end_later((struct ending){.taken = done, .arg = arg, .retry_ms = retry_ms});
}

void budget_settle(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *account,
                   const struct budget_scope *app, bool sent, const struct quota *account_said,
                   const struct quota *app_said, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    (void)r, (void)p, (void)prefix, (void)account, (void)app;
    play_note("settle%s%s%s;", sent ? "" : " unsent",
              account_said->blocked_ms + account_said->backoff_ms > 0 ? " blocked" : "",
              app_said->blocked_ms + app_said->backoff_ms > 0 ? " blocked app" : "");
    end_later((struct ending){.ended = done, .arg = arg, .rc = play.settle_rc});
}

struct http_call *http_send(struct http_client *c, const struct http_request *r, http_done done, void *arg)
{
    const char *after = strstr(r->url, "after=");

    (void)c;
    assert_true(play.answered < STEPS_MAX);
    assert_null(strstr(r->url, "TOKEN"));
    assert_string_equal(secret_reveal(r->bearer), "TOKEN");
    play_note("send %s;", after != NULL ? after : "");
    end_later((struct ending){.http = done, .arg = arg, .rc = play.answers[play.answered].rc});
    return (struct http_call *)&play;
}

/* Before the transfer has ended, which then ends so. */
void http_cancel(struct http_call *call)
{
    assert_ptr_equal(call, &play);
    play_note("cancel;");
    play.canceled = true;
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
    play_note("wait %d;", (int)after_ms);
    end_later((struct ending){.timer = fn, .arg = arg});
    return NULL;
}

/* A loop of deferred calls, all that these services need. */
static struct {
    void (*fn)(void *arg);
    void *arg;
} queue[64];
static int queued, turned;

void loop_defer(struct loop *l, void (*fn)(void *arg), void *arg)
{
    (void)l;
    CHECK(queued < 64);
    queue[queued].fn = fn;
    queue[queued++].arg = arg;
}

void play_turns(int turns)
{
    for (int end = turned + turns; turned < end && turned < queued; turned++)
        queue[turned].fn(queue[turned].arg);
}

void play_to_the_end(void)
{
    play_turns(64);
    turned = queued = 0;
}

void play_reset(void)
{
    play = (struct account_call_fakes){0};
    turned = queued = 0;
}
