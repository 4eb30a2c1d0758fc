#include "common/plan/sample_plan.h"

enum { PAGES_WORTH_IT = 20, DAYS_WORTH_IT = 7, NO_WAVES = 4 };

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

int sample_before(struct day_span *spans, int count, date_t day)
{
    while (day != DATE_NONE && count > 0 && spans[count - 1].from >= day)
        count--;
    if (day != DATE_NONE && count > 0 && spans[count - 1].to >= day)
        spans[count - 1].to = day - 1;
    return count;
}

int sample_wave(int done, int left)
{
    const int wave = done < 2 ? 2 : 4 * done;

    return left <= NO_WAVES || left < wave ? left : wave;
}
