#pragma once
#include "common/base/zone.h"
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
/* The one sync that makes up for all ticks from at_ms (a stored due time) to now_ms: nightly if any of them was. */
enum due_kind due_kind_at(const struct due_rules *r, int64_t at_ms, int64_t now_ms);
