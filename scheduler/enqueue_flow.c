#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/metrics.h"
#include "common/store/budget.h"
#include "common/store/plan_store.h"
#include "scheduler/phase.h"
#include <stdlib.h>
#include <string.h>

/* Open chunks → their budgets, with the limits of now → which have no job → jobs put in; page by page. */
#define JOB_BATCH 1000

struct enqueue_flow {
    struct service *s;
    const char **run_ids; /* NULL: all runs */
    int run_count;
    char after[UUID_TEXT];
    bool more;
    struct plan_job *jobs; /* a copy of the page; then only the missing ones */
    const char *job_ids[JOB_BATCH], *lanes[JOB_BATCH];
    struct queue_job queue_jobs[JOB_BATCH];
    struct budget_scope *scopes; /* of the page's accounts, and the app's */
    int count, scope_count;
    phase_done done;
    void *arg;
};

static void enqueue_end(struct enqueue_flow *f, int rc, const struct err *e)
{
    phase_done done = f->done;
    void *arg = f->arg;
    free(f->jobs);
    free(f->scopes);
    free(f->run_ids);
    free(f);
    done(arg, rc, e);
}

static void read_page(struct enqueue_flow *f);

static void next_page(struct enqueue_flow *f)
{
    if (f->more)
        read_page(f);
    else
        enqueue_end(f, 0, NULL);
}

static void on_enqueued(void *arg, int rc, int added, const struct err *e)
{
    struct enqueue_flow *f = arg;
    if (rc != 0) {
        enqueue_end(f, rc, e);
        return;
    }
    metric_add(M_JOBS_ENQUEUED, added);
    log_debug("jobs enqueued", F_INT("jobs", added));
    next_page(f);
}

static void put_in(struct enqueue_flow *f)
{
    for (int i = 0; i < f->count; i++) {
        const struct plan_job *j = &f->jobs[i];
        f->queue_jobs[i] = (struct queue_job){.id = j->id,
                                              .run_id = j->run_id,
                                              .connection_id = j->connection_id,
                                              .provider = j->provider,
                                              .account = j->account,
                                              .kind = j->kind,
                                              .from = j->from,
                                              .to = j->to,
                                              .lane = j->lane,
                                              .attempts = j->attempts,
                                              .deliveries = j->deliveries,
                                              .delay_ms = j->delay_ms,
                                              .calls = j->calls};
    }
    queue_enqueue(f->s->queue, f->queue_jobs, f->count, on_enqueued, f);
}

/* One scope per account of the page (they come grouped, so the last ones are looked at first), and the app's. */
static void collect_scopes(struct enqueue_flow *f)
{
    const struct settings *set = f->s->settings;
    f->scope_count = 0;
    for (int i = 0; i < f->count; i++) {
        const struct plan_job *j = &f->jobs[i];
        struct budget_scope scope;
        budget_scope_account(&scope, j->provider, j->account,
                             j->calls_per_window >= 0 ? j->calls_per_window : set->meta_calls_per_window,
                             set->meta_window_seconds);
        int known = f->scope_count - 1;
        while (known >= 0 && strcmp(f->scopes[known].name, scope.name) != 0)
            known--;
        if (known < 0)
            f->scopes[f->scope_count++] = scope;
    }
    budget_scope_app(&f->scopes[f->scope_count++], f->jobs[0].provider, set->meta_app_calls_per_window,
                     set->meta_window_seconds);
}

static void on_missing(void *arg, int rc, const bool *missing, int count, const struct err *e)
{
    struct enqueue_flow *f = arg;
    if (rc != 0) {
        enqueue_end(f, rc, e);
        return;
    }
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (missing[i])
            f->jobs[kept++] = f->jobs[i];
    f->count = kept;
    if (kept == 0)
        next_page(f);
    else
        put_in(f);
}

static void on_seeded(void *arg, int rc, const struct err *e)
{
    struct enqueue_flow *f = arg;
    if (rc != 0) {
        enqueue_end(f, rc, e);
        return;
    }
    for (int i = 0; i < f->count; i++) {
        f->job_ids[i] = f->jobs[i].id;
        f->lanes[i] = f->jobs[i].lane;
    }
    queue_missing(f->s->queue, f->job_ids, f->lanes, f->count, on_missing, f);
}

static void on_page(void *arg, int rc, const struct plan_job *jobs, int count, const char *last_id, const struct err *e)
{
    struct enqueue_flow *f = arg;
    if (rc != 0 || count == 0) {
        enqueue_end(f, rc, e);
        return;
    }
    CHECK(count <= JOB_BATCH);
    memcpy(f->jobs, jobs, (size_t)count * sizeof *jobs);
    f->count = count;
    f->more = last_id[0] != '\0';
    (void)snprintf(f->after, sizeof f->after, "%s", last_id);
    collect_scopes(f);
    budget_seed(f->s->redis, f->s->db, f->s->settings->queue_prefix, f->scopes, f->scope_count, on_seeded, f);
}

static void read_page(struct enqueue_flow *f)
{
    plan_open_jobs(f->s->db, f->run_ids, f->run_count, f->after, JOB_BATCH, on_page, f);
}

void enqueue_flow_start(struct service *s, const struct run_ids *runs, phase_done done, void *arg)
{
    struct enqueue_flow *f = mem_new(1, sizeof *f);
    f->jobs = mem_new(JOB_BATCH, sizeof *f->jobs);
    f->scopes = mem_new(JOB_BATCH + 1, sizeof *f->scopes);
    f->s = s;
    f->done = done;
    f->arg = arg;
    if (runs != NULL) {
        f->run_ids = mem_new((size_t)runs->count + 1, sizeof *f->run_ids);
        for (f->run_count = 0; f->run_count < runs->count; f->run_count++)
            f->run_ids[f->run_count] = runs->ids[f->run_count];
    }
    read_page(f);
}
