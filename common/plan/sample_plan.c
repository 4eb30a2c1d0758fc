#include "common/plan/sample_plan.h"
#include <string.h>

enum { PAGES_WORTH_IT = 20, DAYS_WORTH_IT = 7 };

bool sample_pays(const struct day_span *spans, int count, int64_t page_limit, int64_t guess)
{
    int64_t days = 0;

    for (int i = 0; i < count; i++)
        days += spans[i].to - spans[i].from + 1;
    if (guess == 0)
        return days > DAYS_WORTH_IT;
    return days > 1 && days * guess > PAGES_WORTH_IT * page_limit;
}

struct day_span sample_span(const struct day_span *spans, int count, date_t today)
{
    for (int i = count; i-- > 0;) {
        if (spans[i].from < today) {
            const date_t over = spans[i].to < today ? spans[i].to : today - 1;
            return (struct day_span){.from = over, .to = spans[i].to > over ? today : over};
        }
    }
    return (struct day_span){.from = spans[count - 1].to, .to = spans[count - 1].to};
}

int sample_without(struct day_span *spans, int count, struct day_span days)
{
    int at = 0;

    while (at < count && (days.from < spans[at].from || days.to > spans[at].to))
        at++;
    if (at == count)
        return count;
    const struct day_span before = {.from = spans[at].from, .to = days.from - 1},
                          after = {.from = days.to + 1, .to = spans[at].to};
    const int pieces = (before.from <= before.to) + (after.from <= after.to);
    memmove(&spans[at + pieces], &spans[at + 1], (size_t)(count - at - 1) * sizeof *spans);
    if (before.from <= before.to)
        spans[at++] = before;
    if (after.from <= after.to)
        spans[at] = after;
    return count - 1 + pieces;
}
