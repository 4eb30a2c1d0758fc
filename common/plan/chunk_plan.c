#include "common/plan/chunk_plan.h"

enum { PAGES_PER_CHUNK = 20, WIDTH_LARGEST = 30, WIDTH_UNKNOWN = 7 };

/* A slice that stops for want of calls may have to be read again: under a small budget it takes half of a window, and a
 * tenth less than its pages hold, since the account may be larger than it was thought. */
static int64_t rows_of_chunk(int64_t page_limit, int64_t calls_per_window)
{
    const int64_t pages = calls_per_window < 4 ? 1 : calls_per_window / 2;

    return calls_per_window > 0 && pages < PAGES_PER_CHUNK ? pages * page_limit * 9 / 10 : PAGES_PER_CHUNK * page_limit;
}

int chunk_width(int64_t chunk_days, int64_t page_limit, int64_t rows_per_day, int64_t calls_per_window)
{
    int64_t width;

    if (chunk_days > 0)
        return chunk_days < INT32_MAX ? (int)chunk_days : INT32_MAX;
    if (rows_per_day <= 0)
        return WIDTH_UNKNOWN;
    width = rows_of_chunk(page_limit, calls_per_window) / rows_per_day;
    if (width < 1)
        return 1;
    return width < WIDTH_LARGEST ? (int)width : WIDTH_LARGEST;
}

int chunk_plan(const struct day_span *spans, int count, int width, bool stretch, struct day_span *out, int max)
{
    const int64_t longest = (int64_t)width + (stretch ? width / 10 : 0);
    int written = 0;

    while (count > 0) {
        struct day_span left = spans[--count];

        while (count > 0 && spans[count - 1].to + 1 == left.from)
            left.from = spans[--count].from;
        while (left.from <= left.to) {
            date_t from = left.to - left.from < longest ? left.from : left.to - width + 1;

            if (written == max)
                return -1;
            out[written++] = (struct day_span){.from = from, .to = left.to};
            left.to = from - 1;
        }
    }
    return written;
}
