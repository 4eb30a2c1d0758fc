#include "common/plan/ladder.h"

enum { PAGE_DIVISOR = 4, PAGE_LEAST = 5, LISTING_PAGE_LEAST = 1 };

/* After a first cut the pages are known not to be what is too big. */
static bool may_have_smaller_pages(const struct ladder_question *q, const struct shape *s)
{
    if (q->topic == LADDER_ENTITIES)
        return q->page_limit > LISTING_PAGE_LEAST;
    if (q->topic == LADDER_TOTALS || q->page_limit <= PAGE_LEAST)
        return false;
    return (s->rung == RUNG_WHOLE && s->days_limit == 0) || (s->rung == RUNG_REPORT && q->reading_report);
}

static int smaller_page(const struct ladder_question *q)
{
    const int least = q->topic == LADDER_ENTITIES ? LISTING_PAGE_LEAST : PAGE_LEAST;
    const int rows = q->page_limit / PAGE_DIVISOR;
    return rows > least ? rows : least;
}

int ladder_newer_half(int days)
{
    return days - days / 2;
}

/* The same one at the end. */
static enum rung next_rung(enum ladder_topic topic, enum rung rung)
{
    if (topic == LADDER_ENTITIES || topic == LADDER_TOTALS)
        return rung;
    if (rung == RUNG_WHOLE && topic == LADDER_FACTS)
        return RUNG_PARTS;
    return rung < RUNG_REPORT ? RUNG_REPORT : RUNG_CAMPAIGNS;
}

enum ladder_step ladder_next(const struct ladder_question *q, struct shape *s)
{
    enum rung rung;

    if (may_have_smaller_pages(q, s)) {
        s->page_limit = smaller_page(q);
        return LADDER_PAGE;
    }
    if (q->topic != LADDER_ENTITIES && q->days > 1) {
        *s = (struct shape){.days_limit = ladder_newer_half(q->days)};
        return LADDER_CUT;
    }
    rung = next_rung(q->topic, s->rung);
    if (rung == s->rung)
        return LADDER_END;
    *s = (struct shape){.rung = rung, .days_limit = 1};
    return LADDER_RUNG;
}
