#include "common/base/str.h"
#include "worker/job_private.h"

static enum ladder_topic topic_of(const struct chunk *c)
{
    if (c->slice.kind == SLICE_ENTITIES)
        return LADDER_ENTITIES;
    if (c->slice.kind == SLICE_TOTALS)
        return LADDER_TOTALS;
    return c->slice.hourly ? LADDER_HOURS : LADDER_FACTS;
}

void job_shape(struct job *j)
{
    struct chunk *c = j->chunk;
    const int64_t settings = j->x->service->settings->page_limit;
    c->slice.page_limit =
        c->shape.page_limit > 0 && c->shape.page_limit < settings ? c->shape.page_limit : (int)settings;
}

bool job_can_shrink(const struct job *j)
{
    return !j->chunk->checking && j->chunk->slice.kind != SLICE_LOOKUPS;
}

void job_shrink(struct job *j)
{
    const struct chunk *c = j->chunk;
    const int most = c->slice.kind == SLICE_ENTITIES ? c->provider->listing_rows : c->slice.page_limit;
    const struct ladder_question q = {.topic = topic_of(c),
                                      .page_limit = c->slice.page_limit < most ? c->slice.page_limit : most,
                                      .days = c->slice.kind == SLICE_ENTITIES ? 1 : c->slice.to - c->slice.from + 1,
                                      .reading_report = c->report.ready};
    j->shape = c->shape;
    j->shrink = ladder_next(&q, &j->shape);
}

bool job_is_empty_report(const struct job *j)
{
    return j->chunk->shape.rung == RUNG_REPORT && j->chunk->rows + j->work.row_count == 0;
}

void job_leave_reports(struct job *j)
{
    j->shape = (struct shape){.rung = RUNG_CAMPAIGNS, .days_limit = j->chunk->shape.days_limit};
    j->shrink = LADDER_RUNG;
}

enum report_fate job_report(struct job *j)
{
    struct chunk_report *r = &j->chunk->report;
    if (j->work.report_word == REPORT_MADE) {
        (void)str_copy(r->id, sizeof r->id, j->work.report);
        r->is_new = true;
        r->polls = 0;
        return j->report = REPORT_WAIT;
    }
    const bool on = j->work.report_word == REPORT_PENDING && j->work.report_percent > r->percent;
    const struct report_facts facts = {
        .made = r->made, .polls = r->polls, .age_s = r->age_s, .still_s = on ? 0 : r->still_s};
    j->report = report_fate_of(&facts, j->work.report_word);
    r->was_polled = j->report == REPORT_WAIT;
    r->polls += r->was_polled;
    r->ready = r->ready && j->report != REPORT_GIVE_UP;
    if (on)
        r->percent = j->work.report_percent;
    return j->report;
}
