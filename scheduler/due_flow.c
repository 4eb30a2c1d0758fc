#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/plan/due_plan.h"
#include "common/store/plan_store.h"
#include "scheduler/phase.h"
#include <stdlib.h>

#define HOUR_MS (INT64_C(60) * 60 * 1000)
#define DUE_BATCH 500
#define DUE_PER_TICK 2000
#define WRITES_MAX 2 /* of a connection: its days, and its hours */

struct due_flow {
    struct service *s;
    struct plan_due_write *writes;
    char (*ids)[UUID_TEXT]; /* one for each write */
    int count;              /* of the writes of a batch */
    int of_all;             /* connections of the batch */
    int taken;              /* in this tick */
    bool *more;
    phase_done done;
    void *arg;
};

static void due_end(struct due_flow *f, int rc, const struct err *e)
{
    phase_done done = f->done;
    void *arg = f->arg;
    free(f->writes);
    free(f->ids);
    free(f);
    done(arg, rc, e);
}

/* FNV-1a of the connection's id: the same connection keeps its place in the half hour. */
static uint32_t spread_seed(const char *id)
{
    uint32_t h = 2166136261u;
    for (; *id != '\0'; id++)
        h = (h ^ (uint32_t)(unsigned char)*id) * 16777619u;
    return h;
}

/* A zone that this machine does not know must not stop the others: UTC then, and said. */
static int zone_of(const struct plan_due *d, const struct zone **out, struct err *e)
{
    int rc = zone_get(d->timezone, out, e);
    if (rc == ERR_INPUT) {
        log_error("unknown time zone, planning in UTC", F_STR("connection", d->connection_id), F_ERR(e));
        rc = zone_get("UTC", out, e);
    }
    return rc;
}

/* The same days by the hour. */
static void add_hours(struct due_flow *f, const struct plan_due_write *days)
{
    struct plan_due_write *w = &f->writes[f->count];
    *w = *days;
    w->connection_id = f->ids[f->count];
    (void)snprintf(f->ids[f->count++], UUID_TEXT, "%s", days->connection_id);
    w->kind = "metrics";
    w->granularity = "hour";
}

static void plan_one(struct due_flow *f, const struct plan_due *d, const struct zone *zone)
{
    const struct settings *set = f->s->settings;
    struct due_rules rules = {.zone = zone,
                              .nightly_at = (int)(d->nightly_at >= 0 ? d->nightly_at : set->nightly_at),
                              .intraday_minutes =
                                  (int)(d->intraday_minutes >= 0 ? d->intraday_minutes : set->intraday_minutes),
                              .spread_seed = spread_seed(d->connection_id)};
    struct plan_due_write *w = &f->writes[f->count];
    (void)snprintf(f->ids[f->count], UUID_TEXT, "%s", d->connection_id);
    *w = (struct plan_due_write){.connection_id = f->ids[f->count],
                                 .from = DATE_NONE,
                                 .to = DATE_NONE,
                                 .due_at_ms = d->next_sync_at_ms,
                                 .next_ms = due_next(&rules, d->now_ms).at_ms};
    f->count++;
    if (d->next_sync_at_ms == 0) /* a new connection: its first sync was asked for when it was made */
        return;
    if (due_is_astray(d->next_sync_at_ms, d->now_ms)) {
        log_warn("the clock was set back since this due time was stored; it is set anew",
                 F_STR("connection", d->connection_id),
                 F_INT("hours_ahead", (d->next_sync_at_ms - d->now_ms) / HOUR_MS));
        return;
    }
    if (due_kind_at(&rules, d->next_sync_at_ms, d->now_ms) == DUE_NIGHTLY) {
        w->kind = "full";
        w->trigger = "nightly";
    } else {
        w->kind = "metrics";
        w->trigger = "intraday";
        w->to = zone_day(zone, d->now_ms);
        w->from = w->to - 1;
    }
    if (d->hourly)
        add_hours(f, w);
}

static void read_due(struct due_flow *f);

static void on_stored(void *arg, int rc, const struct err *e)
{
    struct due_flow *f = arg;
    f->taken += f->of_all;
    if (rc == 0 && f->of_all == DUE_BATCH && f->taken < DUE_PER_TICK) {
        read_due(f);
        return;
    }
    *f->more |= rc == 0 && f->of_all == DUE_BATCH;
    due_end(f, rc, e);
}

static void on_due(void *arg, int rc, const struct plan_due *due, int count, const struct err *e)
{
    struct due_flow *f = arg;
    if (rc != 0 || count == 0) {
        due_end(f, rc, e);
        return;
    }
    f->count = 0;
    f->of_all = count;
    for (int i = 0; i < count; i++) {
        const struct zone *zone;
        struct err why;
        const int lack = zone_of(&due[i], &zone, &why);
        if (lack != 0) { /* of ours: its time comes when that is over */
            due_end(f, lack, &why);
            return;
        }
        plan_one(f, &due[i], zone);
    }
    plan_due_store(f->s->db, f->writes, f->count, on_stored, f);
}

static void read_due(struct due_flow *f)
{
    plan_due(f->s->db, DUE_BATCH, on_due, f);
}

void due_flow_start(struct service *s, bool *more, phase_done done, void *arg)
{
    struct due_flow *f = mem_new(1, sizeof *f);
    f->writes = mem_new((size_t)DUE_BATCH * WRITES_MAX, sizeof *f->writes);
    f->ids = mem_new((size_t)DUE_BATCH * WRITES_MAX, sizeof *f->ids);
    f->s = s;
    f->more = more;
    f->done = done;
    f->arg = arg;
    read_due(f);
}
