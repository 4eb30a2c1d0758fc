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
    c->slice.in_parts = c->shape.rung == RUNG_PARTS;
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
                                      .days = c->slice.kind == SLICE_ENTITIES ? 1 : c->slice.to - c->slice.from + 1};
    j->shape = c->shape;
    j->shrink = ladder_next(&q, &j->shape);
}
