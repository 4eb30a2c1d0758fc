#include "common/store/run_plan.h"
#include "common/base/zone.h"
#include "common/plan/range_plan.h"
#include "common/plan/sample_plan.h"
#include "common/provider/provider.h"
#include <string.h>

static date_t oldest_kept(const struct plan_run *run, date_t today)
{
    const struct provider *provider = provider_find(run->provider);
    const bool hourly = strcmp(run->granularity, "hour") == 0;
    return provider == NULL ? 0 : range_oldest(today, provider->history_months(hourly));
}

/* What was asked for, but no day that the provider has dropped since. */
static int days_named(const struct plan_run *run, date_t oldest, struct day_span *spans)
{
    spans[0] = (struct day_span){run->asked_from < oldest ? oldest : run->asked_from, run->asked_to};
    return spans[0].from <= spans[0].to ? 1 : 0;
}

/* The days that the run means, ascending; returns their number of spans. */
static int days_asked(const struct plan_run *run, const struct settings *s, const struct zone *zone, int64_t now_ms,
                      struct day_span *spans, struct err *e)
{
    const date_t today = zone_day(zone, now_ms), oldest = oldest_kept(run, today);
    if (run->asked_from != DATE_NONE)
        return days_named(run, oldest, spans);
    struct range_rules rules = {.today = today,
                                .zone = zone,
                                .oldest = oldest,
                                .now_ms = now_ms,
                                .backfill_days = run->backfill_days >= 0 ? run->backfill_days : s->backfill_days,
                                .restate_days = run->restate_days >= 0 ? run->restate_days : s->restate_days,
                                .force = run->force};
    int count = range_default(&rules, run->known, run->known_count, spans, RUN_CHUNKS_MAX);
    return count >= 0 ? count
                      : err_set(e, ERR_LIMIT, "the default range falls into more than %d pieces", RUN_CHUNKS_MAX);
}

/* A running day is never compared with its total: both move. */
static struct day_span days_to_compare(const struct day_span *spans, int count, date_t today)
{
    if (count == 0 || spans[0].from >= today)
        return (struct day_span){DATE_NONE, DATE_NONE};
    return (struct day_span){spans[0].from, spans[count - 1].to};
}

int run_plan(const struct plan_run *run, const struct settings *settings, int64_t now_ms, struct day_span *chunks,
             struct plan_write *out, struct err *e)
{
    struct day_span spans[RUN_CHUNKS_MAX];
    const struct zone *zone = NULL;
    *out = (struct plan_write){.run_id = run->id,
                               .was = run->planned,
                               .stage = PLANNED_ALL,
                               .entities = run->planned == PLANNED_NOTHING && strcmp(run->kind, "metrics") != 0,
                               .totals = {DATE_NONE, DATE_NONE},
                               .rows_per_day = run->rows_per_day,
                               .page_limit = settings->page_limit,
                               .chunks = chunks};
    if (strcmp(run->kind, "entities") == 0)
        return 0;
    int rc = zone_get(run->timezone, &zone, e);
    if (rc != 0)
        return rc;
    int count = days_asked(run, settings, zone, now_ms, spans, e);
    if (count < 0)
        return count;
    const date_t today = zone_day(zone, now_ms);
    if (run->planned == PLANNED_NOTHING)
        out->totals = days_to_compare(spans, count, today);
    if (out->entities || out->totals.from != DATE_NONE) {
        out->stage = PLANNED_FIRST;
        return 0;
    }
    if (run->planned != PLANNED_SAMPLE && settings->chunk_days == 0 && !run->rows_learned &&
        sample_pays(spans, count, settings->page_limit, run->rows_per_day)) {
        chunks[0] = sample_span(spans, count, today);
        out->chunk_count = 1;
        out->stage = PLANNED_SAMPLE;
        return 0;
    }
    count = sample_before(spans, count, run->planned_from);
    const int64_t calls = run->calls_per_window >= 0 ? run->calls_per_window : settings->meta_calls_per_window;
    int width = chunk_width(settings->chunk_days, settings->page_limit, run->rows_per_day, calls);
    out->chunk_count = chunk_plan(spans, count, width, settings->chunk_days == 0, chunks, RUN_CHUNKS_MAX);
    if (out->chunk_count < 0)
        return err_set(e, ERR_LIMIT, "the range makes more than %d chunks", RUN_CHUNKS_MAX);
    const int wave = sample_wave(run->planned_chunks, out->chunk_count);
    if (settings->chunk_days == 0 && wave < out->chunk_count) {
        out->chunk_count = wave;
        out->stage = PLANNED_SAMPLE;
    }
    return 0;
}
