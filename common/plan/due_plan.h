#pragma once
#include "common/base/zone.h"
#include <stdbool.h>
#include <stdint.h>
/* Pure: when a connection's own syncs are due. */
struct due_rules {
    const struct zone *zone;
    int nightly_at;       /* minute of the account's day */
    int intraday_minutes; /* 0 = never */
    uint32_t spread_seed; /* of the connection: spreads accounts of one zone over half an hour */
};
enum due_kind { DUE_NIGHTLY, DUE_INTRADAY };
struct due {
    enum due_kind kind;
    int64_t at_ms;
};
/* The first due time after `after_ms`. */
struct due due_next(const struct due_rules *r, int64_t after_ms);
/* Due times lie at most so far ahead: a day, the spread, and the hour by which clocks change. One further ahead was
 * stored by a clock that ran ahead and was set right since: it gets its time anew, and no sync. */
#define DUE_AHEAD_MAX_MS (INT64_C(26) * 60 * 60 * 1000)
bool due_is_astray(int64_t at_ms, int64_t now_ms);
/* The one sync that makes up for all ticks from at_ms (a stored due time) to now_ms: nightly if any of them was. */
enum due_kind due_kind_at(const struct due_rules *r, int64_t at_ms, int64_t now_ms);
