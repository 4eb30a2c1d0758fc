#include "scheduler/run_plan.h"
#include "common/base/zone.h"
#include "common/plan/range_plan.h"
#include "common/provider/provider.h"
#include <string.h>

/* As far as the connection wants, and as far as the provider keeps. */
static int64_t backfill_days(const struct plan_run *run, const struct settings *s, date_t today)
{
    int64_t wanted = run->backfill_days >= 0 ? run->backfill_days : s->backfill_days;
    const struct provider *provider = provider_find(run->provider);
    int64_t kept = provider == NULL ? wanted : today - range_oldest(today, provider->history_months);
    return wanted < kept ? wanted : kept;
}

static int days_asked(const struct plan_run *run, const struct settings *s, int64_t now_ms, struct day_span *spans,
                      struct err *e)
{
    const struct zone *zone = NULL;
    if (run->asked_from != DATE_NONE) {
        spans[0] = (struct day_span){run->asked_from, run->asked_to};
        return 1;
    }
    int rc = zone_get(run->timezone, &zone, e);
    if (rc != 0)
        return rc;
    const date_t today = zone_day(zone, now_ms);
    struct range_rules rules = {.today = today,
                                .today_start_ms = zone_day_start_ms(zone, today),
                                .now_ms = now_ms,
                                .backfill_days = backfill_days(run, s, today),
                                .restate_days = run->restate_days >= 0 ? run->restate_days : s->restate_days,
                                .force = run->force};
    int count = range_default(&rules, run->known, run->known_count, spans, RUN_CHUNKS_MAX);
    return count >= 0 ? count
                      : err_set(e, ERR_LIMIT, "the default range falls into more than %d pieces", RUN_CHUNKS_MAX);
}

int run_plan(const struct plan_run *run, const struct settings *settings, int64_t now_ms, struct day_span *chunks,
             struct plan_write *out, struct err *e)
{
    struct day_span spans[RUN_CHUNKS_MAX];
    *out = (struct plan_write){.run_id = run->id, .chunks = chunks};
    if (!run->first_stage_done && strcmp(run->kind, "metrics") != 0) {
        out->entities = true;
        return 0;
    }
    int count = days_asked(run, settings, now_ms, spans, e);
    if (count < 0)
        return count;
    int width = chunk_width(settings->chunk_days, settings->page_limit, run->rows_per_day);
    out->chunk_count = chunk_plan(spans, count, width, settings->chunk_days == 0, chunks, RUN_CHUNKS_MAX);
    if (out->chunk_count < 0)
        return err_set(e, ERR_LIMIT, "the range makes more than %d chunks", RUN_CHUNKS_MAX);
    return 0;
}
