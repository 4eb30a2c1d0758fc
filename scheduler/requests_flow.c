#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/store/redis_keys.h"
#include "common/store/run.h"
#include "scheduler/phase.h"
#include "scheduler/request_entry.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Each request moves to the taking list, becomes a run (or a rejection) and only then leaves it: a scheduler that dies
 * in between leaves it there, and the next one takes it again. */
#define REQUESTS_PER_TICK 500
#define REJECTED_KEPT "999"

enum requests_state { LEFTOVER, TAKING, CREATING, REJECTING, REMOVING };

struct requests_flow {
    struct service *s;
    enum requests_state state;
    char *text; /* the request in hand, owned */
    size_t len;
    struct request_entry entry;
    struct err why;
    int *taken;
    int pending; /* commands of a rejection under way */
    int pending_rc;
    phase_done done;
    void *arg;
};

static void requests_wait(struct requests_flow *f, enum requests_state next);

static void requests_end(struct requests_flow *f, int rc, const struct err *e)
{
    phase_done done = f->done;
    void *arg = f->arg;
    free(f->text);
    free(f);
    done(arg, rc, e);
}

static void on_run(void *arg, int rc, const struct run_answer *a, const struct err *e)
{
    struct requests_flow *f = arg;
    bool refused = rc == ERR_INPUT || rc == ERR_NOT_FOUND || rc == ERR_CONFLICT;
    if (rc == 0) {
        log_info("request taken", F_STR("run", a->id), F_BOOL("joined", a->existed));
        requests_wait(f, REMOVING);
    } else if (refused) {
        (void)err_copy(&f->why, e);
        requests_wait(f, REJECTING);
    } else {
        requests_end(f, rc, e);
    }
}

static void take(struct requests_flow *f, const struct redis_reply *r)
{
    free(f->text);
    f->len = redis_str_len(r);
    f->text = malloc(f->len + 1);
    CHECK(f->text != NULL);
    memcpy(f->text, redis_str(r), f->len);
    f->text[f->len] = '\0';
    (*f->taken)++;
    if (request_entry_parse(f->text, f->len, &f->entry, &f->why) != 0)
        requests_wait(f, REJECTING);
    else
        requests_wait(f, CREATING);
}

static void on_reply(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct requests_flow *f = arg;
    if (rc != 0) {
        requests_end(f, rc, e);
        return;
    }
    switch (f->state) {
    case LEFTOVER:
    case TAKING:
        if (redis_type(r) == REDIS_STR)
            take(f, r);
        else if (f->state == LEFTOVER)
            requests_wait(f, TAKING);
        else
            requests_end(f, 0, NULL);
        return;
    case REMOVING:
        if (*f->taken >= REQUESTS_PER_TICK)
            requests_end(f, 0, NULL);
        else
            requests_wait(f, LEFTOVER);
        return;
    case CREATING:
    case REJECTING:
        break;
    }
    CHECK(false);
}

static void on_rejected(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct requests_flow *f = arg;
    (void)r;
    if (rc != 0)
        f->pending_rc = rc;
    if (--f->pending > 0)
        return;
    if (f->pending_rc != 0)
        requests_end(f, f->pending_rc, e);
    else
        requests_wait(f, REMOVING);
}

static void reject(struct requests_flow *f)
{
    const char *prefix = f->s->settings->queue_prefix;
    char list[KEY_MAX], run[KEY_MAX];
    struct buf entry;
    buf_init(&entry, 4 * REQUEST_BYTES_MAX);
    buf_add_str(&entry, "{\"request\":");
    buf_add_json(&entry, f->len > REQUEST_BYTES_MAX ? "" : f->text);
    buf_add_str(&entry, ",\"id\":");
    if (f->entry.id[0] == '\0')
        buf_add_str(&entry, "null");
    else
        buf_add_json(&entry, f->entry.id);
    buf_add_str(&entry, ",\"reason\":");
    buf_add_json(&entry, f->why.text);
    buf_addf(&entry, ",\"at\":%" PRId64 "}", clk_wall_ms());
    const char *push[] = {"LPUSH", redis_key(list, prefix, "requests", "rejected"), buf_str(&entry)};
    const char *trim[] = {"LTRIM", list, "0", REJECTED_KEPT};
    const char *state[] = {"HSET",     redis_key(run, prefix, "run", f->entry.id), "status", "rejected", "error",
                           f->why.text};
    const char *expire[] = {"EXPIRE", run, "604800"};
    bool named = f->entry.id[0] != '\0';
    log_warn("request rejected", F_STR("id", named ? f->entry.id : NULL), F_ERR(&f->why));
    metric_add(M_REQUESTS_REJECTED, 1);
    f->pending = named ? 4 : 2;
    f->pending_rc = 0;
    redis_command(f->s->redis, 3, push, NULL, 0, on_rejected, f);
    redis_command(f->s->redis, 4, trim, NULL, 0, on_rejected, f);
    if (named) {
        redis_command(f->s->redis, 6, state, NULL, 0, on_rejected, f);
        redis_command(f->s->redis, 3, expire, NULL, 0, on_rejected, f);
    }
    buf_free(&entry);
}

static void remove_taken(struct requests_flow *f, const char *taking)
{
    const char *argv[] = {"LREM", taking, "1", f->text};
    const size_t lengths[] = {4, strlen(taking), 1, f->len};
    redis_command(f->s->redis, 4, argv, lengths, 0, on_reply, f);
}

/* The only place that changes f->state: starts what `next` awaits. */
static void requests_wait(struct requests_flow *f, enum requests_state next)
{
    const char *prefix = f->s->settings->queue_prefix;
    char requests[KEY_MAX], taking[KEY_MAX];
    (void)redis_key(requests, prefix, "requests", NULL);
    (void)redis_key(taking, prefix, "requests", "taking");
    f->state = next;
    switch (next) {
    case LEFTOVER: {
        const char *argv[] = {"LINDEX", taking, "0"};
        redis_command(f->s->redis, 3, argv, NULL, 0, on_reply, f);
        break;
    }
    case TAKING: {
        const char *argv[] = {"LMOVE", requests, taking, "LEFT", "RIGHT"};
        redis_command(f->s->redis, 5, argv, NULL, 0, on_reply, f);
        break;
    }
    case CREATING:
        run_create(f->s->db, &f->entry.request, on_run, f);
        break;
    case REJECTING:
        reject(f);
        break;
    case REMOVING:
        remove_taken(f, taking);
        break;
    }
}

void requests_flow_start(struct service *s, int *taken, phase_done done, void *arg)
{
    struct requests_flow *f = calloc(1, sizeof *f);
    CHECK(f != NULL);
    f->s = s;
    f->taken = taken;
    f->done = done;
    f->arg = arg;
    requests_wait(f, LEFTOVER);
}
