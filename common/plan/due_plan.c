#include "common/plan/due_plan.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define SPREAD_MS (30 * MINUTE_MS)

static int64_t spread_ms(const struct due_rules *r)
{
    return (int64_t)r->spread_seed * 1000 % SPREAD_MS;
}

static int64_t next_nightly(const struct due_rules *r, int64_t after_ms)
{
    return zone_next_ms(r->zone, after_ms - spread_ms(r), r->nightly_at) + spread_ms(r);
}

/* On a grid of its own phase, so that accounts do not all ask at the full hour. */
static int64_t next_intraday(const struct due_rules *r, int64_t after_ms)
{
    const int64_t period = r->intraday_minutes * MINUTE_MS, phase = spread_ms(r) % period;
    const int64_t since = after_ms - phase;

    return (since / period - (since % period < 0) + 1) * period + phase;
}

struct due due_next(const struct due_rules *r, int64_t after_ms)
{
    struct due due = {.kind = DUE_NIGHTLY, .at_ms = next_nightly(r, after_ms)};

    if (r->intraday_minutes > 0 && next_intraday(r, after_ms) < due.at_ms)
        due = (struct due){.kind = DUE_INTRADAY, .at_ms = next_intraday(r, after_ms)};
    return due;
}

bool due_is_astray(int64_t at_ms, int64_t now_ms)
{
    return at_ms - now_ms > DUE_AHEAD_MAX_MS;
}

enum due_kind due_kind_at(const struct due_rules *r, int64_t at_ms, int64_t now_ms)
{
    return r->intraday_minutes == 0 || next_nightly(r, at_ms - 1) <= now_ms ? DUE_NIGHTLY : DUE_INTRADAY;
}
