#include "common/store/forecast_ask.h"
#include "common/base/clk.h"
#include "common/base/mem.h"
#include "common/base/zone.h"
#include "common/plan/range_plan.h"
#include "common/provider/provider.h"
#include "common/store/run_plan.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct asking {
    const struct settings *settings;
    void (*done)(void *arg, int rc, const struct run_forecast *f, const struct err *e);
    void *arg;
};

static int check_range(const struct plan_run *run, int64_t now_ms, struct err *e)
{
    const struct provider *provider = provider_find(run->provider);
    const struct zone *zone = NULL;
    int rc = zone_get(run->timezone, &zone, e);
    if (rc != 0 || run->asked_from == DATE_NONE || provider == NULL)
        return rc;
    const int months = provider->history_months(strcmp(run->granularity, "hour") == 0);
    return range_check(run->asked_from, run->asked_to, zone_day(zone, now_ms), months, e);
}

static void on_outlook(void *arg, int rc, const struct plan_outlook *o, const struct err *e)
{
    struct asking *a = arg;
    struct run_forecast forecast = {0};
    struct err problem = {0};
    if (rc == 0) {
        rc = check_range(&o->run, clk_wall_ms(), &problem);
        if (rc == 0)
            rc = run_forecast(o, a->settings, clk_wall_ms(), &forecast, &problem);
        e = &problem;
    }
    a->done(a->arg, rc, rc == 0 ? &forecast : NULL, e);
    free(a);
}

void forecast_ask(struct db_pool *p, const struct settings *s, const struct run_request *r,
                  void (*done)(void *arg, int rc, const struct run_forecast *f, const struct err *e), void *arg)
{
    struct asking *a = mem_new(1, sizeof *a);
    *a = (struct asking){.settings = s, .done = done, .arg = arg};
    plan_outlook(p, r, KNOWN_DAYS, s->meta_window_seconds * 1000, on_outlook, a);
}

void forecast_write(struct buf *out, const struct run_forecast *f)
{
    char at[32] = "";
    struct tm tm;
    const time_t starts = (time_t)(f->starts_at_ms / 1000);
    if (gmtime_r(&starts, &tm) != NULL)
        (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S+00:00", &tm);
    buf_addf(out, "{\"calls\": %" PRId64 ", \"chunks\": %" PRId64 ", \"seconds\": %" PRId64 ", \"starts_at\": \"%s\"}",
             f->calls, f->chunks, f->seconds, at);
}
