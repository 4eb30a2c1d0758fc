#include "scheduler/scheduler.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/id.h"
#include "common/base/log.h"
#include "common/store/plan_store.h"
#include "common/store/redis_keys.h"
#include "scheduler/tick.h"
#include "scheduler/token_keeper.h"
#include <stdlib.h>
#include <unistd.h>

#define TICK_MS 1000

struct scheduler {
    struct service *service;
    struct redis *news; /* a connection of its own: it only listens */
    struct token_keeper *keeper;
    struct tick_memory memory;
    struct tick *tick;           /* under way, or NULL */
    struct timer *timer;         /* of the next one */
    int64_t began_ms, rested_ms; /* monotonic; when it began, and when news may start the next one */
    bool again;                  /* news came during the tick */
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void tick_now(struct scheduler *d);

static void on_timer(void *arg)
{
    struct scheduler *d = arg;
    d->timer = NULL;
    tick_now(d);
}

static void on_news_closed(void *arg)
{
    struct scheduler *d = arg;
    log_info("scheduler stopped", F_STR("scheduler", d->memory.holder));
    d->stopped(d->stopped_arg);
}

static void on_released(void *arg, int rc, const struct err *e)
{
    struct scheduler *d = arg;
    if (rc != 0)
        log_warn("planning lease not given back; it runs out by itself", F_ERR(e));
    redis_close(d->news, on_news_closed, d);
    d->news = NULL;
}

static void on_keeper_stopped(void *arg)
{
    struct scheduler *d = arg;
    plan_lease_release(d->service->db, d->memory.holder, on_released, d);
}

static void tick_at(struct scheduler *d, int64_t at_ms)
{
    timer_cancel(d->timer);
    d->timer = timer_start(d->service->loop, at_ms - clk_mono_ms(), on_timer, d);
}

/* Work that was left over goes on at once. News wait for as long as the tick took, so that a storm of them costs half
 * of the time at most. */
static void on_tick(void *arg)
{
    struct scheduler *d = arg;
    int64_t now = clk_mono_ms(), took = now - d->began_ms;
    d->tick = NULL;
    d->rested_ms = d->memory.more ? now : now + (took < TICK_MS ? took : TICK_MS);
    if (d->memory.leading)
        token_keeper_turn(d->keeper);
    if (d->memory.stopping)
        token_keeper_stop(d->keeper, on_keeper_stopped, d);
    else
        tick_at(d, d->again || d->memory.more ? d->rested_ms : now + TICK_MS);
}

static void tick_now(struct scheduler *d)
{
    d->again = false;
    d->began_ms = clk_mono_ms();
    d->tick = tick_start(d->service, &d->memory, on_tick, d);
}

static void on_news(void *arg, const char *text, size_t len)
{
    struct scheduler *d = arg;
    d->memory.look_at_all |= len == 3 && memcmp(text, "all", 3) == 0;
    if (d->memory.stopping)
        return;
    if (d->tick != NULL)
        d->again = true;
    else
        tick_at(d, d->rested_ms);
}

static void on_redis_state(void *arg, bool connected)
{
    struct scheduler *d = arg;
    if (connected)
        on_news(d, "all", 3); /* whatever Redis lost while it was away comes back at once */
}

int scheduler_new(struct service *s, struct scheduler **out, struct err *e)
{
    struct scheduler *d = calloc(1, sizeof *d);
    char uuid[UUID_TEXT], host[64] = "";
    CHECK(d != NULL);
    d->service = s;
    uuid_make(uuid);
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(d->memory.holder, sizeof d->memory.holder, "%s:%d:%.8s", host, (int)getpid(), uuid);
    d->memory.tidied_ms = clk_mono_ms();
    int rc = token_keeper_new(s, &d->keeper, e);
    if (rc == 0)
        rc = redis_new(s->loop, s->settings->redis_url, "metricx-scheduler-news", &d->news, e);
    if (rc != 0) {
        scheduler_free(d);
        return rc;
    }
    *out = d;
    return 0;
}

void scheduler_start(struct scheduler *d)
{
    char channel[KEY_MAX];
    log_info("scheduler started", F_STR("scheduler", d->memory.holder));
    redis_subscribe(d->news, redis_key(channel, d->service->settings->queue_prefix, "plan", NULL), on_news, d);
    redis_on_state(d->service->redis, on_redis_state, d);
    tick_now(d);
}

void scheduler_stop(struct scheduler *d, void (*stopped)(void *arg), void *arg)
{
    d->memory.stopping = true;
    d->stopped = stopped;
    d->stopped_arg = arg;
    redis_on_state(d->service->redis, NULL, NULL);
    timer_cancel(d->timer);
    d->timer = NULL;
    if (d->tick == NULL)
        token_keeper_stop(d->keeper, on_keeper_stopped, d);
}

void scheduler_free(struct scheduler *d)
{
    token_keeper_free(d->keeper);
    free(d);
}
