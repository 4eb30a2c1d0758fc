#include "common/plan/forecast.h"
#include "common/base/check.h"
#include <stdlib.h>

/* Calls that leave the window together. */
struct batch {
    int64_t at_ms, calls;
};

/* All that are in the window at some moment, oldest first. */
struct window {
    struct batch *list;
    int64_t head, count, room, used;
};

static void add(struct window *w, int64_t at_ms, int64_t calls)
{
    if (w->count == w->room) {
        int64_t room = w->room == 0 ? 64 : w->room * 2;
        struct batch *list = realloc(w->list, (size_t)room * sizeof *list);
        CHECK(list != NULL);
        w->list = list;
        w->room = room;
    }
    w->list[w->count++] = (struct batch){at_ms, calls};
    w->used += calls;
}

struct forecast_wait forecast_wait(const struct forecast_scope *s, int64_t calls)
{
    const int64_t window_ms = s->window_ms + s->window_ms / 60;
    struct forecast_wait wait = {.first_ms = -1};
    struct window w = {0};
    int64_t now_ms = 0;

    if (s->limit <= 0)
        return (struct forecast_wait){0};
    for (int i = 0; i < s->made_count; i++)
        add(&w, -s->made[i].age_ms, s->made[i].calls);
    while (calls > 0) {
        int64_t free_now = s->limit - w.used;

        if (free_now > 0) {
            int64_t take = free_now < calls ? free_now : calls;

            wait.first_ms = wait.first_ms < 0 ? now_ms : wait.first_ms;
            wait.last_ms = now_ms;
            add(&w, now_ms, take);
            calls -= take;
        } else {
            const struct batch *oldest = &w.list[w.head++];

            CHECK(w.head <= w.count); /* what is used came from the list */
            w.used -= oldest->calls;
            now_ms = oldest->at_ms + window_ms > now_ms ? oldest->at_ms + window_ms : now_ms;
        }
    }
    free(w.list);
    return wait;
}

struct forecast_wait forecast_both(struct forecast_wait a, struct forecast_wait b)
{
    return (struct forecast_wait){.first_ms = a.first_ms > b.first_ms ? a.first_ms : b.first_ms,
                                  .last_ms = a.last_ms > b.last_ms ? a.last_ms : b.last_ms};
}

int64_t forecast_pages(int64_t rows, int64_t page_limit)
{
    return rows <= page_limit ? 1 : (rows + page_limit - 1) / page_limit;
}
