#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/metrics.h"
#include "common/store/plan_store.h"
#include "common/store/run_plan.h"
#include "scheduler/phase.h"
#include <stdlib.h>
#include <string.h>

#define RUN_BATCH 50
#define RUNS_PER_TICK 200

struct planning_flow {
    struct service *s;
    struct run_ids *planned;
    struct plan_write writes[RUN_BATCH];
    char ids[RUN_BATCH][UUID_TEXT];
    struct err refusals[RUN_BATCH];
    struct day_span (*chunks)[RUN_CHUNKS_MAX];
    int count;
    bool *more;
    phase_done done;
    void *arg;
};

void run_ids_add(struct run_ids *list, const char *id)
{
    if (list->count == list->room) {
        list->room = list->room == 0 ? 64 : list->room * 2;
        char(*ids)[UUID_TEXT] = mem_new((size_t)list->room, sizeof list->ids[0]);
        if (list->count > 0)
            memcpy(ids, list->ids, (size_t)list->count * sizeof list->ids[0]);
        free(list->ids);
        list->ids = ids;
    }
    (void)snprintf(list->ids[list->count++], UUID_TEXT, "%s", id);
}

void run_ids_clear(struct run_ids *list)
{
    free(list->ids);
    *list = (struct run_ids){0};
}

static void planning_end(struct planning_flow *f, int rc, const struct err *e)
{
    phase_done done = f->done;
    void *arg = f->arg;
    free(f->chunks);
    free(f);
    done(arg, rc, e);
}

static void read_runs(struct planning_flow *f);

static void on_stored(void *arg, int rc, const struct err *e)
{
    struct planning_flow *f = arg;
    for (int i = 0; rc == 0 && i < f->count; i++) {
        const struct plan_write *w = &f->writes[i];
        metric_add(M_RUNS_PLANNED, 1);
        run_ids_add(f->planned, w->run_id);
        if (w->refused != NULL)
            log_error("run cannot be planned", F_STR("run", w->run_id), F_ERR(w->refused));
        else
            log_info("run planned", F_STR("run", w->run_id), F_BOOL("entities", w->entities),
                     F_INT("chunks", w->chunk_count));
    }
    if (rc == 0 && f->count == RUN_BATCH && f->planned->count < RUNS_PER_TICK) {
        read_runs(f);
        return;
    }
    *f->more |= rc == 0 && f->count == RUN_BATCH;
    planning_end(f, rc, e);
}

static void on_runs(void *arg, int rc, const struct plan_run *runs, int count, const struct err *e)
{
    struct planning_flow *f = arg;
    if (rc != 0 || count == 0) {
        planning_end(f, rc, e);
        return;
    }
    for (int i = 0; i < count; i++) {
        struct plan_write *w = &f->writes[i];
        const int refusal = run_plan(&runs[i], f->s->settings, runs[i].now_ms, f->chunks[i], w, &f->refusals[i]);
        if (refusal == ERR_INPUT || refusal == ERR_LIMIT) {
            w->refused = &f->refusals[i];
        } else if (refusal != 0) { /* a lack of ours: the run is planned when it is over */
            const struct err why = f->refusals[i];
            planning_end(f, refusal, &why);
            return;
        }
        (void)snprintf(f->ids[i], UUID_TEXT, "%s", runs[i].id);
        w->run_id = f->ids[i];
    }
    f->count = count;
    plan_store(f->s->db, f->writes, f->count, on_stored, f);
}

static void read_runs(struct planning_flow *f)
{
    plan_runs(f->s->db, RUN_BATCH, KNOWN_DAYS, on_runs, f);
}

void planning_flow_start(struct service *s, struct run_ids *planned, bool *more, phase_done done, void *arg)
{
    struct planning_flow *f = mem_new(1, sizeof *f);
    f->chunks = mem_new(RUN_BATCH, sizeof *f->chunks);
    f->s = s;
    f->planned = planned;
    f->more = more;
    f->done = done;
    f->arg = arg;
    read_runs(f);
}
