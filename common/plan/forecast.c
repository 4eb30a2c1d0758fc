#include "common/plan/forecast.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include <stdbool.h>
#include <stdlib.h>

enum { BURST_LEAST = 20 };

/* Calls that leave the window together. */
struct batch {
    int64_t at_us, calls;
};

/* All that are in the window at some moment, oldest first. */
struct window {
    struct batch *list;
    int64_t head, count, room, used;
};

static void add(struct window *w, int64_t at_us, int64_t calls)
{
    if (w->count == w->room) {
        int64_t room = w->room == 0 ? 64 : w->room * 2;
        struct batch *list = mem_new((size_t)room, sizeof *list);
        if (w->count > 0)
            memcpy(list, w->list, (size_t)w->count * sizeof *list);
        free(w->list);
        w->list = list;
        w->room = room;
    }
    w->list[w->count++] = (struct batch){at_us, calls};
    w->used += calls;
}

/* The pacer of lua/common.lua: calls are ahead of the pace by a burst at most. All in microseconds. */
struct pacer {
    int64_t pace, burst, spent_at;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void spend(struct pacer *p, int64_t at_us, int64_t calls)
{
    p->spent_at = least((p->spent_at > at_us ? p->spent_at : at_us) + calls * p->pace, at_us + p->burst);
}

static struct pacer pacer_of(const struct forecast_scope *s)
{
    const int64_t twice = 2 * s->limit;
    struct pacer p = {.pace = (s->window_ms * 1000 + twice - 1) / twice, .spent_at = INT64_MIN / 2};
    p.burst = p.pace * (s->limit / 4 > BURST_LEAST ? s->limit / 4 : BURST_LEAST);
    for (int i = 0; i < s->made_count; i++)
        spend(&p, -s->made[i].age_ms * 1000, s->made[i].calls);
    return p;
}

/* Until the pacer has a call; 0 = it has *calls now. */
static int64_t paced_us(const struct pacer *p, int64_t now_us, int64_t *calls)
{
    const int64_t ahead = p->spent_at > now_us ? p->spent_at - now_us : 0;
    *calls = (p->burst - ahead) / p->pace;
    return *calls > 0 ? 0 : ahead + p->pace - p->burst;
}

struct forecast_wait forecast_wait(const struct forecast_scope *s, struct forecast_calls calls)
{
    const int64_t window_us = (s->window_ms + s->window_ms / 60) * 1000;
    struct forecast_wait wait = {.first_ms = -1};
    struct window w = {0};
    int64_t now_us = 0;

    if (s->limit <= 0)
        return (struct forecast_wait){0};
    struct pacer pacer = pacer_of(s);
    for (int i = 0; i < s->made_count; i++)
        add(&w, -s->made[i].age_ms * 1000, s->made[i].calls);
    while (calls.high + calls.others > 0) {
        const bool high = calls.high > 0;
        int64_t *left = high ? &calls.high : &calls.others, paced = INT64_MAX;
        int64_t room = s->limit - (high ? 0 : s->limit / 20) - w.used;

        if (room <= 0) {
            const struct batch *oldest = &w.list[w.head++];

            CHECK(w.head <= w.count); /* what is used came from the list */
            w.used -= oldest->calls;
            now_us = oldest->at_us + window_us > now_us ? oldest->at_us + window_us : now_us;
            continue;
        }
        if (!high)
            now_us += paced_us(&pacer, now_us, &paced);
        const int64_t take = least(*left, least(room, paced > 0 ? paced : 1));
        wait.first_ms = wait.first_ms < 0 ? now_us / 1000 : wait.first_ms;
        wait.last_ms = now_us / 1000;
        add(&w, now_us, take);
        spend(&pacer, now_us, take);
        *left -= take;
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
