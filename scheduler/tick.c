#include "scheduler/tick.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/store/plan_store.h"
#include "common/store/redis_keys.h"
#include "common/store/run_eta.h"
#include "scheduler/phase.h"
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define LEASE_MS 5000
#define LOOK_AT_ALL_MS 5000 /* at least between two looks at all open chunks, and ten times what a look takes */
#define REAP_LIMIT 1000
#define ESTIMATE_MS 3000 /* at least between two estimates, and twenty times what one takes */
#define ESTIMATED_RUNS 100
#define TIDY_MS (INT64_C(60) * 60 * 1000)

enum tick_state {
    LEADING,
    SIGNING,
    DUE,
    PLANNING,
    REQUESTS,
    TELLING,
    ENQUEUEING,
    LOOKING,
    REAPING,
    REMOVING,
    ESTIMATING,
    TIDYING
};
static const char *const state_names[] = {"leading",    "signing", "due",     "planning", "requests",   "telling",
                                          "enqueueing", "looking", "reaping", "removing", "estimating", "tidying"};

struct tick {
    struct service *s;
    struct tick_memory *m;
    enum tick_state state;
    struct run_ids planned;
    int64_t look_began_ms, estimate_began_ms;
    void (*done)(void *arg);
    void *arg;
};

static void tick_step(void *arg, int rc, const struct err *e);

static void on_lease(void *arg, int rc, bool leading, int64_t since_ms, const struct err *e)
{
    struct tick *t = arg;
    if (rc == 0 && leading != t->m->leading)
        log_info(leading ? "planning from now on" : "somebody else plans", F_STR("scheduler", t->m->holder));
    if (rc == 0) {
        t->m->look_at_all |= leading && !t->m->leading;
        t->m->leading = leading;
        t->m->leading_since_ms = since_ms;
    }
    tick_step(t, rc, e);
}

/* Says in Redis who plans. No such key although we have signed before: Redis has lost its data, everything is looked
 * at. */
static void on_signed(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct tick *t = arg;
    if (rc == 0 && redis_int(r) > 0)
        t->m->look_at_all = true;
    tick_step(t, rc, e);
}

static void sign(struct tick *t)
{
    char key[KEY_MAX], host[64] = "", since[24], now[24];
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(since, sizeof since, "%" PRId64, t->m->leading_since_ms);
    (void)snprintf(now, sizeof now, "%" PRId64, clk_wall_ms());
    const char *argv[] = {"HSET",      redis_key(key, t->s->settings->queue_prefix, "scheduler", NULL),
                          "leader",    t->m->holder,
                          "host",      host,
                          "since",     since,
                          "last_tick", now};
    redis_command(t->s->redis, 10, argv, NULL, 0, on_signed, t);
}

static void on_reaped(void *arg, int rc, int reaped, int promoted, const struct err *e)
{
    struct tick *t = arg;
    metric_add(M_JOBS_REAPED, reaped);
    if (reaped > 0)
        log_warn("jobs taken back from silent workers", F_INT("jobs", reaped));
    if (rc == 0 && (reaped == REAP_LIMIT || promoted == REAP_LIMIT))
        queue_reap(t->s->queue, REAP_LIMIT, on_reaped, t);
    else
        tick_step(t, rc, e);
}

static void on_tidied(void *arg, int rc, int64_t deleted, const struct err *e)
{
    if (deleted > 0)
        log_info("old runs deleted", F_INT("runs", deleted));
    tick_step(arg, rc, e);
}

/* The only place that changes t->state: starts what `next` awaits. */
static void tick_wait(struct tick *t, enum tick_state next)
{
    t->state = next;
    switch (next) {
    case LEADING:
        plan_lease(t->s->db, t->m->holder, LEASE_MS, on_lease, t);
        break;
    case SIGNING:
        sign(t);
        break;
    case DUE:
        due_flow_start(t->s, &t->m->more, tick_step, t);
        break;
    case PLANNING:
        planning_flow_start(t->s, &t->planned, &t->m->more, tick_step, t);
        break;
    case REQUESTS:
        requests_flow_start(t->s, &t->m->more, tick_step, t);
        break;
    case TELLING:
        news_flow_start(t->s, &t->m->more, tick_step, t);
        break;
    case ENQUEUEING:
        enqueue_flow_start(t->s, &t->planned, tick_step, t);
        break;
    case LOOKING:
        t->m->look_at_all = false; /* who asks for it from now on wants another one */
        t->look_began_ms = clk_mono_ms();
        enqueue_flow_start(t->s, NULL, tick_step, t);
        break;
    case REAPING:
        queue_reap(t->s->queue, REAP_LIMIT, on_reaped, t);
        break;
    case ESTIMATING:
        t->estimate_began_ms = clk_mono_ms();
        run_eta_tell(t->s->db, t->s->redis, t->s->settings, ESTIMATED_RUNS, tick_step, t);
        break;
    case REMOVING:
        removal_flow_start(t->s, &t->m->more, tick_step, t);
        break;
    case TIDYING:
        t->m->tidied_ms = clk_mono_ms();
        plan_retain(t->s->db, t->s->settings->retain_runs_days, on_tidied, t);
        break;
    }
}

static void tick_end(struct tick *t)
{
    void (*done)(void *) = t->done;
    void *arg = t->arg;
    run_ids_clear(&t->planned);
    free(t);
    done(arg);
}

static bool time_to_estimate(const struct tick *t)
{
    int64_t pause = t->m->estimate_took_ms * 20;
    if (pause < ESTIMATE_MS)
        pause = ESTIMATE_MS;
    return clk_mono_ms() - t->m->estimated_ms >= pause;
}

static bool time_to_look(const struct tick *t)
{
    int64_t pause = t->m->look_took_ms * 10;
    if (pause < LOOK_AT_ALL_MS)
        pause = LOOK_AT_ALL_MS;
    return t->m->look_at_all || clk_mono_ms() - t->m->looked_at_all_ms >= pause;
}

/* Whether the tick is over: a server is away, or it is not known who leads. Jobs that were not put in are found by a
 * look at all. */
static bool ends_tick(struct tick *t, int rc, const struct err *e)
{
    bool over = rc == ERR_DB_AWAY || rc == ERR_REDIS_AWAY || rc == ERR_CANCELED || t->state == LEADING;
    log_error(over ? "tick broken off" : "part of a tick failed", F_STR("at", state_names[t->state]), F_ERR(e));
    t->m->look_at_all |= over || t->state == ENQUEUEING;
    return over;
}

static void tidy_or_end(struct tick *t)
{
    if (clk_mono_ms() - t->m->tidied_ms >= TIDY_MS)
        tick_wait(t, TIDYING);
    else
        tick_end(t);
}

static void tick_step(void *arg, int rc, const struct err *e)
{
    struct tick *t = arg;
    if ((rc != 0 && ends_tick(t, rc, e)) || t->m->stopping) {
        tick_end(t);
        return;
    }
    switch (t->state) {
    case LEADING:
        if (t->m->leading) {
            metric_add(M_TICKS, 1);
            tick_wait(t, SIGNING);
        } else {
            tick_end(t);
        }
        return;
    case SIGNING:
        tick_wait(t, REQUESTS);
        return;
    case REQUESTS:
        tick_wait(t, DUE);
        return;
    case DUE:
        tick_wait(t, PLANNING);
        return;
    case PLANNING:
        tick_wait(t, TELLING);
        return;
    case TELLING:
        tick_wait(t, t->planned.count > 0 ? ENQUEUEING : time_to_look(t) ? LOOKING : REAPING);
        return;
    case ENQUEUEING:
        tick_wait(t, time_to_look(t) ? LOOKING : REAPING);
        return;
    case LOOKING:
        t->m->looked_at_all_ms = clk_mono_ms();
        t->m->look_took_ms = t->m->looked_at_all_ms - t->look_began_ms;
        tick_wait(t, REAPING);
        return;
    case REAPING:
        tick_wait(t, REMOVING);
        return;
    case REMOVING:
        if (time_to_estimate(t))
            tick_wait(t, ESTIMATING);
        else
            tidy_or_end(t);
        return;
    case ESTIMATING:
        t->m->estimated_ms = clk_mono_ms();
        t->m->estimate_took_ms = t->m->estimated_ms - t->estimate_began_ms;
        tidy_or_end(t);
        return;
    case TIDYING:
        tick_end(t);
        return;
    }
}

struct tick *tick_start(struct service *s, struct tick_memory *m, void (*done)(void *arg), void *arg)
{
    struct tick *t = calloc(1, sizeof *t);
    CHECK(t != NULL);
    t->s = s;
    t->m = m;
    m->more = false;
    t->done = done;
    t->arg = arg;
    tick_wait(t, LEADING);
    return t;
}
