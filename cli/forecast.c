#include "cli/forecast.h"
#include "common/base/clk.h"
#include "common/base/zone.h"
#include "common/plan/range_plan.h"
#include "common/store/run_forecast.h"
#include "common/store/run_plan.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 32 };

struct forecasting {
    struct answer answer;
    const struct settings *settings;
    struct run_forecast forecast;
};

/* The same as when it is asked for in earnest. */
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
    struct forecasting *f = arg;
    struct err problem = {0};
    if (rc == 0) {
        rc = check_range(&o->run, clk_wall_ms(), &problem);
        if (rc == 0)
            rc = run_forecast(o, f->settings, clk_wall_ms(), &f->forecast, &problem);
        e = &problem;
    }
    answer_is(&f->answer, rc, e);
}

static const char *time_text(int64_t at_ms, char out[TIME_TEXT])
{
    struct tm tm;
    time_t at = (time_t)(at_ms / 1000);
    if (gmtime_r(&at, &tm) == NULL || strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%S+00:00", &tm) == 0)
        out[0] = '\0';
    return out;
}

static void print_text(const struct run_forecast *f, int64_t now_ms)
{
    char at[TIME_TEXT];
    printf("%" PRId64 " calls in %" PRId64 " chunks, about %" PRId64 ":%02d:%02d, ", f->calls, f->chunks,
           f->seconds / 3600, (int)(f->seconds / 60 % 60), (int)(f->seconds % 60));
    if (f->starts_at_ms <= now_ms + 1000)
        printf("starting at once\n");
    else
        printf("starting at %s, when the budget allows it\n", time_text(f->starts_at_ms, at));
    if (f->guessed)
        (void)fprintf(stderr,
                      "nothing is known of the account's size yet: it takes at least this; sync its entities first "
                      "(--entities, three calls or more) for a better forecast\n");
}

int forecast_print(struct session *s, const struct run_request *r, bool json, struct err *e)
{
    struct forecasting f = {.settings = &s->settings};
    char at[TIME_TEXT];
    plan_outlook(s->db, r, KNOWN_DAYS, s->settings.meta_window_seconds * 1000, on_outlook, &f);
    int rc = answer_wait(s, &f.answer, e);
    if (rc != 0)
        return rc;
    if (json)
        printf("{\"calls\": %" PRId64 ", \"chunks\": %" PRId64 ", \"seconds\": %" PRId64 ", \"starts_at\": \"%s\"}\n",
               f.forecast.calls, f.forecast.chunks, f.forecast.seconds, time_text(f.forecast.starts_at_ms, at));
    else
        print_text(&f.forecast, clk_wall_ms());
    return 0;
}
