#include "common/store/run_forecast.h"
#include "common/provider/provider.h"
#include "common/store/run_plan.h"
#include <string.h>

/* Of an account that was never called. */
#define CALL_MS_UNKNOWN 500

/* The first slices of a sync that somebody asked for are of the high lane: chunk_lane() in migrations/0005_lanes.sql.
 */
enum { HIGH_CHUNKS = 16 };

/* Calls that follow each other, in the longest row of them, and all calls. */
struct work {
    struct forecast_calls calls;
    int64_t in_row;
};

static int64_t days_in(const struct day_span *span)
{
    return span->to - span->from + 1;
}

static void add_first_stage(const struct plan_outlook *o, const struct provider *p, const struct plan_write *w,
                            int64_t page_limit, struct run_forecast *out, struct work *work)
{
    const int64_t listing_rows = page_limit < p->listing_rows ? page_limit : p->listing_rows;
    int64_t listings = 0, totals = 0;
    if (w->entities)
        listings = forecast_pages(o->campaigns, listing_rows) + forecast_pages(o->adsets, listing_rows) +
                   forecast_pages(o->ads, listing_rows) + o->lookups;
    if (w->totals.from != DATE_NONE)
        totals = forecast_pages(days_in(&w->totals), p->totals_rows);
    out->chunks += (listings > 0) + (totals > 0);
    work->calls.high += listings + totals;
    work->in_row += listings > totals ? listings : totals;
}

static void add_facts(const struct plan_write *w, int64_t rows_per_day, int64_t page_limit, struct run_forecast *out,
                      struct work *work)
{
    int64_t longest = 0;
    for (int i = 0; i < w->chunk_count; i++) {
        int64_t pages = forecast_pages(days_in(&w->chunks[i]) * rows_per_day, page_limit);
        if (i < HIGH_CHUNKS)
            work->calls.high += pages;
        else
            work->calls.others += pages;
        longest = pages > longest ? pages : longest;
    }
    out->chunks += w->chunk_count;
    work->in_row += longest;
}

static struct forecast_wait wait_of(const struct plan_outlook *o, const struct settings *s, struct forecast_calls calls)
{
    const int64_t window_ms = s->meta_window_seconds * 1000;
    const int64_t limit = o->run.calls_per_window >= 0 ? o->run.calls_per_window : s->meta_calls_per_window;
    const struct forecast_scope account = {
        .limit = o->calls_allowed > 0 && (limit == 0 || o->calls_allowed < limit) ? o->calls_allowed : limit,
        .window_ms = window_ms,
        .made = o->account_made,
        .made_count = o->account_made_count,
    };
    const struct forecast_scope app = {.limit = s->meta_app_calls_per_window,
                                       .window_ms = window_ms,
                                       .made = o->app_made,
                                       .made_count = o->app_made_count};
    struct forecast_wait wait = forecast_both(forecast_wait(&account, calls), forecast_wait(&app, calls));
    if (wait.first_ms < o->blocked_ms) {
        wait.last_ms += o->blocked_ms - wait.first_ms;
        wait.first_ms = o->blocked_ms;
    }
    return wait;
}

int run_forecast(const struct plan_outlook *o, const struct settings *s, int64_t now_ms, struct run_forecast *out,
                 struct err *e)
{
    const struct provider *provider = provider_find(o->run.provider);
    struct day_span chunks[RUN_CHUNKS_MAX];
    struct plan_write stage;
    struct plan_run run = o->run;
    struct work work = {0};
    *out = (struct run_forecast){.starts_at_ms = now_ms,
                                 .guessed = !o->run.rows_learned && strcmp(o->run.kind, "entities") != 0};
    if (provider == NULL)
        return err_set(e, ERR_BUG, "this program knows no provider %s", o->run.provider);
    do {
        int rc = run_plan(&run, s, now_ms, chunks, &stage, e);
        if (rc != 0)
            return rc;
        add_first_stage(o, provider, &stage, s->page_limit, out, &work);
        add_facts(&stage, run.rows_per_day, s->page_limit, out, &work);
        run.planned = stage.stage;
        for (int i = 0; i < stage.chunk_count; i++)
            run.planned_from = chunks[i].from;
        run.planned_chunks += stage.chunk_count;
    } while (stage.stage != PLANNED_ALL);
    out->calls = work.calls.high + work.calls.others;
    if (out->calls == 0)
        return 0;
    const struct forecast_wait wait = wait_of(o, s, work.calls);
    const int64_t call_ms = o->call_ms >= 0 ? o->call_ms : CALL_MS_UNKNOWN;
    const int64_t in_row_ms = wait.first_ms + work.in_row * call_ms, spent_ms = wait.last_ms + call_ms;
    out->seconds = ((spent_ms > in_row_ms ? spent_ms : in_row_ms) + 999) / 1000;
    out->starts_at_ms = now_ms + wait.first_ms;
    return 0;
}
