#include "common/remote/remote_call.h"
#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/store/budget.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS_MAX = 2, RETRIES_MAX = 2, PAGES_MAX = 1000, CURSOR_BYTES_MAX = 8 * 1024 };

/* One question on its way.
 *
 *   LIMITING ─► SEEDING ─► TAKING ─► SENDING ─► SETTLING ─► done, or the next page: TAKING
 *                  ▲         │ ▲                    │
 *                  └─ lost ──┘ └──── BACKOFF ◄──────┘ transient */
enum call_state {
    LIMITING, /* what the account's connections allow */
    SEEDING,  /* the budget: that it is there, with this limit */
    TAKING,   /* a call out of it */
    SENDING,  /* the HTTP request */
    SETTLING, /* the call with the budget; its outcome is in `outcome` */
    BACKOFF,  /* before the same question again */
};
static const char *const state_names[] = {"limiting", "seeding", "taking", "sending", "settling", "backoff"};

struct remote_call {
    struct remote *remote;
    const struct question *question;
    void *q;
    const struct provider *provider;
    char account[64]; /* "" for questions about tokens */
    const char *subject;
    struct budget_scope account_scope, app_scope;
    enum call_state state;
    struct http_call *http; /* under way, in SENDING */
    bool sent, canceled;
    int seeds, retries, pages;
    int64_t retry_ms;  /* when the budget says no: for how long; 0 = there is no budget any more */
    struct buf cursor; /* of the page being asked for; "" = the first */
    struct buf next;   /* of the one after it; "" = none */
    struct verdict verdict;
    struct err outcome; /* of the question; rc 0: it was answered */
};

static void call_step(struct remote_call *c, int rc, const struct err *e);

/* --- the callbacks of what a state awaits --- */

static void on_limit(void *arg, int rc, int64_t limit, const struct err *e)
{
    struct remote_call *c = arg;

    if (rc == 0 && limit >= 0)
        c->account_scope.limit = limit;
    call_step(c, rc, rc != 0 ? e : NULL);
}

static void on_taken(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e)
{
    struct remote_call *c = arg;

    c->retry_ms = granted ? 0 : retry_ms;
    call_step(c, rc == 0 && !granted ? ERR_THROTTLED : rc, rc != 0 ? e : NULL);
}

static void on_ended(void *arg, int rc, const struct err *e)
{
    call_step(arg, rc, e);
}

static void on_timer(void *arg)
{
    call_step(arg, 0, NULL);
}

static void on_answer(void *arg, int rc, struct http_answer *a, bool sent, const struct err *e)
{
    struct remote_call *c = arg;
    struct http_answer answer;

    c->http = NULL;
    c->sent = sent;
    metric_add(M_CALLS, sent);
    if (rc != 0) {
        call_step(c, rc, e);
        return;
    }
    answer = http_answer_take(a);
    buf_reset(&c->next);
    c->question->read(c->q, &c->remote->config, buf_str(&c->cursor), &answer, &c->next, &c->verdict);
    http_answer_clear(&answer);
    http_body_released(c->remote->http);
    call_step(c, c->verdict.rc, NULL);
}

/* --- starting what a state awaits --- */

static void refuse_request(void *arg)
{
    struct remote_call *c = arg;

    call_step(c, c->outcome.rc, &c->outcome);
}

static void send_request(struct remote_call *c)
{
    struct http_request request = {0};

    c->sent = false;
    c->verdict = (struct verdict){.account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
    if (c->remote->stopped)
        (void)err_set(&c->outcome, ERR_CANCELED, "the program is stopping");
    else if (c->question->request(c->q, &c->remote->config, buf_str(&c->cursor), &request, &c->outcome) == 0)
        c->outcome = (struct err){0};
    if (c->outcome.rc == 0)
        c->http = http_send(c->remote->http, &request, on_answer, c);
    else
        loop_defer(c->remote->loop, refuse_request, c);
    http_request_clear(&request);
    if (c->canceled && c->http != NULL)
        http_cancel(c->http);
}

/* The only place that changes the state: starts the one operation that `next` awaits. */
static void call_wait(struct remote_call *c, enum call_state next)
{
    const struct remote *r = c->remote;
    const char *prefix = r->settings->queue_prefix;

    log_debug("account call", F_STR("account", c->account), F_STR("from", state_names[c->state]),
              F_STR("to", state_names[next]));
    c->state = next;
    switch (next) {
    case LIMITING:
        budget_limit(r->db, c->provider->name, c->account, on_limit, c);
        break;
    case SEEDING: {
        const struct budget_scope scopes[] = {c->account_scope, c->app_scope};

        c->seeds++;
        budget_seed(r->redis, r->db, prefix, scopes, 2, on_ended, c);
        break;
    }
    case TAKING:
        budget_take(r->redis, r->db, prefix, &c->account_scope, &c->app_scope, on_taken, c);
        break;
    case SENDING:
        send_request(c);
        break;
    case SETTLING:
        budget_settle(r->redis, r->db, prefix, &c->account_scope, &c->app_scope, c->sent, &c->verdict.account,
                      &c->verdict.app, on_ended, c);
        break;
    case BACKOFF:
        (void)timer_start(r->loop, c->retries++ == 0 ? 1000 : 3000, on_timer, c);
        break;
    }
}

/* --- the flow --- */

static void call_end(struct remote_call *c, const struct err *e)
{
    c->question->ended(c->q, e->rc, e);
    buf_free(&c->cursor);
    buf_free(&c->next);
    free(c);
}

static const char *subject(const struct remote_call *c)
{
    return c->subject != NULL ? c->subject : c->account;
}

/* How the question ended, kept until the budget knows of it. */
static void note_outcome(struct remote_call *c, int rc, const struct err *e)
{
    if (rc == 0) {
        c->outcome = (struct err){0};
    } else if (e != NULL) {
        (void)err_copy(&c->outcome, e);
        (void)err_wrap(&c->outcome, "%s", subject(c));
    } else {
        (void)err_set(&c->outcome, rc, "%s: %s", subject(c), c->verdict.text);
    }
}

static bool is_retryable(int rc)
{
    return rc == ERR_TRANSIENT || rc == ERR_NETWORK || rc == ERR_TIMEOUT;
}

/* One page of a list was read; false: this was the last, or it leads nowhere. */
static bool turn_page(struct remote_call *c)
{
    struct buf read = c->cursor;

    if (c->next.len == 0)
        return false;
    if (strcmp(buf_str(&c->next), buf_str(&c->cursor)) == 0) {
        (void)err_set(&c->outcome, ERR_ANSWER, "%s: a page leads to itself", subject(c));
        return false;
    }
    if (c->next.overflow || ++c->pages >= PAGES_MAX) {
        (void)err_set(&c->outcome, ERR_LIMIT, "%s: more than %d pages", subject(c), PAGES_MAX);
        return false;
    }
    c->cursor = c->next;
    c->next = read;
    c->retries = 0;
    return true;
}

static void after_settling(struct remote_call *c)
{
    if (is_retryable(c->outcome.rc) && c->retries < RETRIES_MAX && !c->canceled)
        call_wait(c, BACKOFF);
    else if (c->outcome.rc == 0 && turn_page(c))
        call_wait(c, TAKING);
    else
        call_end(c, &c->outcome);
}

/* Top to bottom: rc is how that ended what the state awaited. */
static void call_step(struct remote_call *c, int rc, const struct err *e)
{
    switch (c->state) {
    case LIMITING:
        if (rc == 0) {
            call_wait(c, SEEDING);
            return;
        }
        break;
    case TAKING:
        if (rc == 0) {
            call_wait(c, SENDING);
            return;
        }
        if (rc == ERR_THROTTLED && c->retry_ms == 0 && c->seeds < SEEDS_MAX) {
            call_wait(c, SEEDING);
            return;
        }
        break;
    case SEEDING:
    case BACKOFF:
        if (rc == 0) {
            call_wait(c, TAKING);
            return;
        }
        break;
    case SENDING:
        note_outcome(c, rc, e);
        call_wait(c, SETTLING);
        return;
    case SETTLING: /* when Redis does not hear of it, the call counts as under way until it must have ended */
        after_settling(c);
        return;
    }

    if (rc == ERR_THROTTLED && e == NULL)
        (void)err_set(&c->outcome, rc, "%s: the budget allows no call for the next %" PRId64 " s", subject(c),
                      (c->retry_ms + 999) / 1000);
    else
        note_outcome(c, rc, e);
    call_end(c, &c->outcome);
}

void remote_init(struct remote *r, struct loop *l, struct db_pool *db, struct redis *redis, struct http_client *http,
                 const struct settings *s)
{
    *r = (struct remote){
        .loop = l, .db = db, .redis = redis, .http = http, .settings = s, .config = provider_config_of(s)};
}

void remote_stop(struct remote *r)
{
    r->stopped = true;
}

struct remote_call *remote_ask(struct remote *r, const struct provider *provider, const char *account,
                               const char *subject, const struct question *question, void *q)
{
    const struct settings *s = r->settings;
    struct remote_call *c = calloc(1, sizeof *c);

    CHECK(c != NULL);
    c->remote = r;
    c->question = question;
    c->q = q;
    c->provider = provider;
    c->subject = subject;
    (void)str_copy(c->account, sizeof c->account, account);
    budget_scope_account(&c->account_scope, provider->name, *account != '\0' ? account : "me", s->meta_calls_per_window,
                         s->meta_window_seconds);
    budget_scope_app(&c->app_scope, provider->name, s->meta_app_calls_per_window, s->meta_window_seconds);
    buf_init(&c->cursor, CURSOR_BYTES_MAX);
    buf_init(&c->next, CURSOR_BYTES_MAX);
    call_wait(c, LIMITING);
    return c;
}

void remote_cancel(struct remote_call *c)
{
    c->canceled = true;
    if (c->http != NULL)
        http_cancel(c->http);
}
