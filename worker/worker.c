#include "worker/worker.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/id.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/store/redis_keys.h"
#include "worker/job_flow.h"
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#define CLAIM_MAX 64
#define IDLE_MS_MAX 2000 /* an idle worker asks at least this often */
#define BEAT_MS_MAX 5000
#define WAKE_SECONDS "2"         /* how long one BLPOP waits */
#define HURRY_BEFORE_END_MS 3000 /* of the grace time: then calls under way are broken off */
/* A page of 1,000 rows is about a megabyte; what is larger than this is asked for in smaller pages. */
#define BODY_BYTES_MAX (16u << 20)
#define BODIES_MAX 12 /* answers, or their rows, in memory at once, however many the jobs */
#define STALL_SECONDS 60
/* Jobs parked for want of a key are tried every minute: none failed for so long. */
#define NOT_READY_MS (INT64_C(3) * 60 * 1000)

struct worker {
    struct service *service;
    struct job_context context;
    struct redis *wake; /* a connection of its own: BLPOP blocks it */
    char id[128];
    struct job **jobs; /* `count` of them, of `slots` places */
    int count, slots;
    bool claiming, claim_again, claim_soon, beating, waiting_for_wake;
    bool heap_used; /* since it was last given back */
    int64_t claim_asked_at_ms;
    struct timer *claim_timer, *beat_timer, *hurry_timer;
    void (*stopped)(void *arg);
    void *stopped_arg;
    int64_t started_at_ms;
    bool wake_closed, http_closed;
};

static void claim(struct worker *w);
static void await_wake(struct worker *w);
static void stop_if_empty(struct worker *w);

/* ---- claiming ---- */

static bool has_room(const struct worker *w)
{
    return !w->context.stopping && w->count < w->slots;
}

static void claim_turn(void *arg)
{
    struct worker *w = arg;
    w->claim_soon = false;
    claim(w);
    stop_if_empty(w);
}

/* Events mark, the turn acts: however many jobs end in one turn, one claim follows. */
static void mark_claim(struct worker *w)
{
    if (w->claim_soon || w->context.stopping)
        return;
    w->claim_soon = true;
    loop_defer(w->service->loop, claim_turn, w);
}

static void on_claim_timer(void *arg)
{
    struct worker *w = arg;
    w->claim_timer = NULL;
    claim(w);
}

static void claim_later(struct worker *w, int64_t after_ms)
{
    timer_cancel(w->claim_timer);
    w->claim_timer = NULL;
    if (w->context.stopping)
        return;
    if (after_ms < 0 || after_ms > IDLE_MS_MAX)
        after_ms = IDLE_MS_MAX;
    w->claim_timer = timer_start(w->service->loop, after_ms < 1 ? 1 : after_ms, on_claim_timer, w);
}

/* What pages took is free again, but stays resident until it is given back. */
static void rest(struct worker *w)
{
    if (w->heap_used)
        (void)malloc_trim(0);
    w->heap_used = false;
}

static void on_claimed(void *arg, int rc, const struct queue_claimed *claimed, int count, int64_t next_ms,
                       const struct err *e)
{
    struct worker *w = arg;
    w->claiming = false;
    if (rc != 0) {
        log_warn("claim failed", F_ERR(e));
        count = 0;
        next_ms = IDLE_MS_MAX;
    }
    for (int i = 0; i < count; i++)
        w->jobs[w->count++] = job_start(&w->context, &claimed[i], w->claim_asked_at_ms);
    metric_set(M_JOBS_IN_FLIGHT, w->count);
    w->heap_used |= count > 0;
    if (w->count == 0)
        rest(w);
    if (w->claim_again || (count > 0 && w->count < w->slots))
        mark_claim(w);
    else
        claim_later(w, next_ms);
    w->claim_again = false;
    stop_if_empty(w);
}

static void claim(struct worker *w)
{
    int room = w->slots - w->count;
    if (w->claiming) {
        w->claim_again = true;
        return;
    }
    if (w->context.stopping || room <= 0 || !redis_ready(w->service->redis) || !db_pool_ready(w->service->db)) {
        claim_later(w, IDLE_MS_MAX);
        return;
    }
    await_wake(w);
    int low = room - w->slots / 8; /* one slot in eight is kept from backfills */
    w->claiming = true;
    w->claim_asked_at_ms = clk_mono_ms();
    queue_claim(w->service->queue, w->id, room < CLAIM_MAX ? room : CLAIM_MAX, low > 0 ? low : 0,
                w->service->settings->lease_seconds * 1000, on_claimed, w);
}

static void on_passed_on(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    (void)arg, (void)rc, (void)r, (void)e; /* an idle worker asks by itself, only later */
}

static void on_wake(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct worker *w = arg;
    (void)e;
    w->waiting_for_wake = false;
    if (rc != 0)
        return; /* with the next claim, or when the connection is back */
    if (redis_type(r) == REDIS_ARRAY && has_room(w)) {
        mark_claim(w);
    } else if (redis_type(r) == REDIS_ARRAY) { /* it filled up while it waited: the token is somebody else's */
        char key[KEY_MAX];
        const char *argv[] = {"LPUSH", redis_key(key, w->service->settings->queue_prefix, "wake", NULL), "1"};
        redis_command(w->service->redis, 3, argv, NULL, 0, on_passed_on, NULL);
    }
    await_wake(w);
}

/* Only with room for a job: a full worker would take tokens away from idle ones. */
static void await_wake(struct worker *w)
{
    char key[KEY_MAX];
    const char *argv[] = {"BLPOP", redis_key(key, w->service->settings->queue_prefix, "wake", NULL), WAKE_SECONDS};
    if (w->waiting_for_wake || !has_room(w))
        return;
    w->waiting_for_wake = true;
    redis_command(w->wake, 3, argv, NULL, 0, on_wake, w);
}

static void on_wake_connection(void *arg, bool connected)
{
    if (connected)
        await_wake(arg);
}

/* ---- jobs in flight ---- */

static void on_job_ended(struct job *j, void *arg)
{
    struct worker *w = arg;
    for (int i = 0; i < w->count; i++) {
        if (w->jobs[i] == j) {
            w->jobs[i] = w->jobs[--w->count];
            break;
        }
    }
    metric_set(M_JOBS_IN_FLIGHT, w->count);
    mark_claim(w);
    stop_if_empty(w);
}

/* Jobs may end while we walk them. */
static void each_job(struct worker *w, void (*act)(struct job *j))
{
    for (int i = w->count - 1; i >= 0; i--)
        act(w->jobs[i]);
}

/* ---- leases ---- */

static void beat(struct worker *w);

static void on_beat_timer(void *arg)
{
    struct worker *w = arg;
    w->beat_timer = NULL;
    beat(w);
}

static void beat_later(struct worker *w)
{
    int64_t third = w->service->settings->lease_seconds * 1000 / 3;
    w->beat_timer = timer_start(w->service->loop, third < BEAT_MS_MAX ? third : BEAT_MS_MAX, on_beat_timer, w);
}

struct beat {
    struct worker *worker;
    int count;
    struct queue_claimed jobs[]; /* ids and tokens as they were: jobs may end before the answer */
};

static struct job *find_job(const struct worker *w, const struct queue_claimed *c)
{
    for (int i = 0; i < w->count; i++)
        if (strcmp(job_token(w->jobs[i]), c->token) == 0 && strcmp(job_id(w->jobs[i]), c->id) == 0)
            return w->jobs[i];
    return NULL;
}

static void on_beat(void *arg, int rc, const enum beat_word *words, int count, const struct err *e)
{
    struct beat *b = arg;
    struct worker *w = b->worker;
    w->beating = false;
    if (rc != 0)
        log_warn("heartbeat failed", F_ERR(e));
    for (int i = 0; rc == 0 && i < count && i < b->count; i++) {
        struct job *j = words[i] == BEAT_STALE ? find_job(w, &b->jobs[i]) : NULL;
        if (j != NULL)
            job_lost(j);
    }
    free(b);
    if (!w->context.stopping || w->count > 0)
        beat_later(w);
    stop_if_empty(w);
}

static void beat(struct worker *w)
{
    struct beat *b = calloc(1, sizeof *b + (size_t)w->count * sizeof b->jobs[0]);
    struct queue_beat *beats = calloc((size_t)w->count + 1, sizeof *beats);
    char host[64] = "", info[320];
    CHECK(b != NULL && beats != NULL);
    b->worker = w;
    b->count = w->count;
    for (int i = 0; i < w->count; i++) {
        const struct job *j = w->jobs[i];
        (void)snprintf(b->jobs[i].id, sizeof b->jobs[i].id, "%s", job_id(j));
        (void)snprintf(b->jobs[i].token, sizeof b->jobs[i].token, "%s", job_token(j));
        beats[i] = (struct queue_beat){
            .id = b->jobs[i].id, .token = b->jobs[i].token, .page = job_page(j), .rows = job_rows(j)};
    }
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(info, sizeof info,
                   "{\"host\":\"%s\",\"pid\":%d,\"version\":\"%s\",\"started\":%" PRId64
                   ",\"jobs\":%d,\"rows\":%" PRId64 ",\"calls\":%" PRId64 "}",
                   host, (int)getpid(), METRICX_VERSION, w->started_at_ms, w->count, w->context.rows, w->context.calls);
    if (w->service->not_ready != NULL && clk_mono_ms() - w->context.not_ready_at_ms > NOT_READY_MS)
        w->service->not_ready = NULL;
    w->beating = true;
    queue_beat(w->service->queue, w->id, info, w->service->settings->lease_seconds * 1000, beats, b->count, on_beat, b);
    free(beats);
}

/* Leases may be about to end after a time without Redis: they are kept before anything else goes on. */
static void on_redis_state(void *arg, bool connected)
{
    struct worker *w = arg;
    if (!connected)
        return;
    if (!w->beating) {
        timer_cancel(w->beat_timer);
        w->beat_timer = NULL;
        beat(w);
    }
    each_job(w, job_redis_back);
    mark_claim(w);
}

/* ---- life ---- */

static int load_keys(struct worker *w, struct err *e)
{
    const struct settings *s = w->service->settings;
    if (s->token_encryption_key == NULL) {
        log_warn("no TOKEN_ENCRYPTION_KEY: only connections that use META_ACCESS_TOKEN can be synced",
                 F_STR("worker", w->id));
        return 0;
    }
    return fernet_new(secret_reveal(s->token_encryption_key), &w->context.fernet, e);
}

int worker_new(struct service *s, struct worker **out, struct err *e)
{
    const struct settings *set = s->settings;
    struct worker *w = calloc(1, sizeof *w);
    char uuid[UUID_TEXT], host[64] = "";
    CHECK(w != NULL);
    uuid_make(uuid);
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(w->id, sizeof w->id, "%s:%d:%.8s", host, (int)getpid(), uuid);
    w->service = s;
    w->slots = (int)set->worker_concurrency;
    w->started_at_ms = clk_wall_ms();
    w->jobs = calloc((size_t)w->slots, sizeof(struct job *));
    CHECK(w->jobs != NULL);
    int rc = load_keys(w, e);
    if (rc == 0)
        rc = redis_new(s->loop, set->redis_url, "metricx-worker-wake", &w->wake, e);
    if (rc != 0) {
        worker_free(w);
        return rc;
    }
    w->context.service = s;
    w->context.worker_id = w->id;
    w->context.ended = on_job_ended;
    w->context.arg = w;
    w->context.config = provider_config_of(set);
    w->context.http = http_client_new(
        s->loop, &(struct http_client_options){.connect_timeout_ms = set->meta_connect_timeout_seconds * 1000,
                                               .timeout_ms = set->meta_timeout_seconds * 1000,
                                               .stall_seconds = STALL_SECONDS,
                                               .body_bytes_max = BODY_BYTES_MAX,
                                               .bodies_max = BODIES_MAX,
                                               .connections_max = w->slots});
    *out = w;
    return 0;
}

void worker_start(struct worker *w)
{
    log_info("worker started", F_STR("worker", w->id), F_INT("slots", w->slots));
    redis_on_state(w->service->redis, on_redis_state, w);
    redis_on_state(w->wake, on_wake_connection, w);
    beat(w);
    mark_claim(w);
}

static void close_step(struct worker *w)
{
    if (!w->wake_closed || !w->http_closed)
        return;
    log_info("worker stopped", F_STR("worker", w->id), F_INT("rows", w->context.rows),
             F_INT("calls", w->context.calls));
    w->stopped(w->stopped_arg);
}

static void on_wake_closed(void *arg)
{
    struct worker *w = arg;
    w->wake_closed = true;
    close_step(w);
}

static void on_http_closed(void *arg)
{
    struct worker *w = arg;
    w->http_closed = true;
    close_step(w);
}

static void stop_if_empty(struct worker *w)
{
    if (!w->context.stopping || w->count > 0 || w->claiming || w->beating || w->claim_soon || w->stopped == NULL ||
        w->wake == NULL)
        return;
    timer_cancel(w->beat_timer);
    timer_cancel(w->hurry_timer);
    w->beat_timer = w->hurry_timer = NULL;
    redis_on_state(w->service->redis, NULL, NULL);
    redis_close(w->wake, on_wake_closed, w);
    w->wake = NULL;
    http_client_close(w->context.http, on_http_closed, w);
    w->context.http = NULL;
}

static void on_hurry(void *arg)
{
    struct worker *w = arg;
    w->hurry_timer = NULL;
    each_job(w, job_hurry);
}

void worker_stop(struct worker *w, void (*stopped)(void *arg), void *arg)
{
    int64_t grace_ms = w->service->settings->shutdown_grace_seconds * 1000 - HURRY_BEFORE_END_MS;
    w->context.stopping = true;
    w->stopped = stopped;
    w->stopped_arg = arg;
    log_info("worker stopping", F_STR("worker", w->id), F_INT("jobs", w->count));
    timer_cancel(w->claim_timer);
    w->claim_timer = NULL;
    w->hurry_timer = timer_start(w->service->loop, grace_ms > 1 ? grace_ms : 1, on_hurry, w);
    stop_if_empty(w);
}

void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    fernet_free(w->context.fernet);
    free(w->jobs);
    free(w);
}
