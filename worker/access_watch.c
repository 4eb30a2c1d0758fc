#include "worker/access_watch.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/remote/account_call.h"
#include "common/store/access.h"
#include <stdlib.h>

#define REST_MS 3000 /* between two looks when nobody's time has come */

/*   RESTING ─► CLAIMING ─┬─ somebody's time has come ─► ASKING ─► TELLING ─┬─ it is back ─► WAKING ─► CLAIMING
 *      ▲                 │                                                 └─ it is not ───────────► CLAIMING
 *      └──── nobody ─────┘ */
enum watch_state { RESTING, CLAIMING, ASKING, TELLING, WAKING };

struct access_watch {
    struct job_context *x;
    struct remote remote;
    enum watch_state state;
    struct timer *timer;       /* in RESTING */
    struct access_claim claim; /* whom it is about; its token is not kept */
    struct secret *token;      /* in ASKING */
    struct remote_call *call;  /* in ASKING, unless the token cannot be had */
    bool back;                 /* what was told in TELLING */
    bool stopping;
    void (*ended)(void *arg);
    void *arg;
};

static void rest(struct access_watch *w);

static void on_over(void *arg)
{
    struct access_watch *w = arg;
    w->ended(w->arg);
}

static void on_claim(void *arg, int rc, const struct access_claim *claim, const struct err *e);

/* The next one, or the end. */
static void go_on(struct access_watch *w)
{
    struct service *s = w->x->service;
    if (w->stopping) {
        loop_defer(s->loop, on_over, w);
        return;
    }
    if (!redis_ready(s->redis) || !db_pool_ready(s->db)) {
        rest(w);
        return;
    }
    w->state = CLAIMING;
    access_claim(s->db, on_claim, w);
}

static void on_rested(void *arg)
{
    struct access_watch *w = arg;
    w->timer = NULL;
    go_on(w);
}

static void rest(struct access_watch *w)
{
    w->state = RESTING;
    if (w->stopping)
        loop_defer(w->x->service->loop, on_over, w);
    else
        w->timer = timer_start(w->x->service->loop, REST_MS, on_rested, w);
}

/* ---- what the provider says ---- */

static void on_woken(void *arg, int rc, const struct err *e)
{
    (void)rc, (void)e; /* the scheduler's next look finds it too */
    go_on(arg);
}

static void on_told(void *arg, int rc, const struct err *e)
{
    struct access_watch *w = arg;
    if (rc != 0)
        log_error("what became of a connection's access is not stored", F_STR("connection", w->claim.id), F_ERR(e));
    if (rc != 0) {
        rest(w);
        return;
    }
    if (!w->back) {
        go_on(w);
        return;
    }
    w->state = WAKING;
    queue_wake_for_all(w->x->service->queue, on_woken, w);
}

static void tell(struct access_watch *w, int rc, bool closed, const struct err *e)
{
    struct db_pool *db = w->x->service->db;
    const char *id = w->claim.id;
    w->state = TELLING;
    w->back = rc == 0 && !closed;
    log_info("asked again for a connection", F_STR("connection", id), F_STR("was", w->claim.status),
             F_STR("answer", closed ? "closed" : err_name(rc)), F_ERR(rc == 0 ? NULL : e));
    if (w->back)
        access_back(db, id, on_told, w);
    else if (rc == 0)
        access_refused(db, id, "disabled", "the account is closed at the provider", NULL, on_told, w);
    else if (rc == ERR_NEEDS_REAUTH || rc == ERR_NO_ACCESS)
        access_refused(db, id, err_name(rc), e->text, err_name(rc), on_told, w);
    else
        access_unsaid(db, id, on_told, w);
}

static void on_checked(void *arg, int rc, const struct account_info *info, const struct err *e)
{
    struct access_watch *w = arg;
    w->call = NULL;
    secret_free(w->token);
    w->token = NULL;
    tell(w, rc, rc == 0 && info->closed, e);
}

static void on_claim(void *arg, int rc, const struct access_claim *claim, const struct err *e)
{
    struct access_watch *w = arg;
    struct err problem = {0};
    if (rc != 0)
        log_warn("connections without access cannot be looked for", F_ERR(e));
    if (rc != 0 || claim == NULL) {
        rest(w);
        return;
    }
    w->claim = *claim;
    w->claim.token_enc = NULL;
    const struct provider *provider = provider_find(claim->provider);
    if (provider == NULL)
        rc = err_set(&problem, ERR_BUG, "this program knows no provider %s", claim->provider);
    else
        rc = job_token_open(w->x, claim->token_enc, &w->token, &problem);
    if (rc != 0) {
        tell(w, rc, false, &problem);
        return;
    }
    w->state = ASKING;
    w->call = account_check(&w->remote, provider, w->claim.account, w->token, on_checked, w);
    if (w->stopping)
        account_check_cancel(w->call);
}

/* ---- life ---- */

struct access_watch *access_watch_new(struct job_context *x)
{
    struct access_watch *w = mem_new(1, sizeof *w);
    w->x = x;
    return w;
}

void access_watch_start(struct access_watch *w)
{
    struct service *s = w->x->service;
    remote_init(&w->remote, s->loop, s->db, s->redis, w->x->http, s->settings);
    rest(w);
}

void access_watch_stop(struct access_watch *w, void (*ended)(void *arg), void *arg)
{
    w->stopping = true;
    w->ended = ended;
    w->arg = arg;
    if (w->call != NULL)
        account_check_cancel(w->call);
    if (w->state != RESTING)
        return;
    timer_cancel(w->timer);
    w->timer = NULL;
    loop_defer(w->x->service->loop, on_over, w);
}

void access_watch_free(struct access_watch *w)
{
    free(w);
}
