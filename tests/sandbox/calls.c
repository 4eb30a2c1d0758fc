#include "tests/sandbox/calls.h"
#include "common/base/check.h"

#define CALLS_MAX 4000000 /* the older half is forgotten then */

const char *const call_kind_names[CALL_KINDS] = {"insights", "entities", "account", "other"};

void calls_free(struct calls *c)
{
    free(c->list);
    *c = (struct calls){0};
}

int calls_add(struct calls *c, const struct call *call)
{
    if (c->count == CALLS_MAX) {
        c->count /= 2;
        memmove(c->list, c->list + c->count, (size_t)c->count * sizeof *c->list);
    }
    if (c->count == c->room) {
        c->room = c->room == 0 ? 64 : c->room * 2;
        c->list = realloc(c->list, (size_t)c->room * sizeof *c->list);
        CHECK(c->list != NULL);
    }
    c->list[c->count] = *call;
    return c->count++;
}

static bool is(const struct call *call, enum call_kind kind)
{
    return kind == CALL_KINDS || call->kind == kind;
}

int calls_in_window(const struct calls *c, enum call_kind kind, int64_t now_ms, int64_t window_ms)
{
    int found = 0;
    for (int i = c->count - 1; i >= 0 && c->list[i].at_ms > now_ms - window_ms; i--)
        found += is(&c->list[i], kind);
    return found;
}

int calls_max_in_window(const struct calls *c, int64_t window_ms)
{
    int most = 0;
    for (int i = 0, from = 0; i < c->count; i++) {
        while (c->list[from].at_ms <= c->list[i].at_ms - window_ms)
            from++;
        if (i - from + 1 > most)
            most = i - from + 1;
    }
    return most;
}

struct blocks_met calls_blocks(const struct calls *c, bool of_app, int64_t told_ms)
{
    struct blocks_met met = {0};
    int64_t began_ms = 0;
    for (int i = 0; i < c->count; i++) {
        bool refused = c->list[i].refused == (of_app ? CALL_REFUSED_TO_APP : CALL_REFUSED);
        met.calls += refused;
        if (refused && began_ms == 0) {
            began_ms = c->list[i].at_ms;
            met.count++;
        }
        if (refused && c->list[i].at_ms > began_ms + told_ms)
            met.in_block++;
        if (!refused)
            began_ms = 0;
    }
    return met;
}

int64_t calls_free_at(const struct calls *c, enum call_kind kind, int quota, int64_t now_ms, int64_t window_ms)
{
    for (int i = c->count - 1, seen = 0; i >= 0 && c->list[i].at_ms > now_ms - window_ms; i--)
        if (is(&c->list[i], kind) && ++seen >= quota)
            return c->list[i].at_ms + window_ms;
    return now_ms;
}
