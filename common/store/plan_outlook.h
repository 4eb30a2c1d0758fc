#pragma once
#include "common/plan/forecast.h"
#include "common/store/plan_store.h"
#include "common/store/run.h"
/* What a sync that nobody has asked for yet would start from. */

struct plan_outlook {
    struct plan_run run;            /* as if it waited for planning; nothing is stored */
    int64_t campaigns, adsets, ads; /* known and not vanished */
    int64_t lookups;                /* stubs that a listing need not bring; it asks for them one by one */
    int64_t call_ms;                /* of a call of late; -1 = unknown */
    int64_t calls_allowed;          /* in a window, as the provider's refusals taught; 0 = they did not */
    int64_t blocked_ms;             /* from now on no call is allowed for so long */
    struct forecast_made *account_made, *app_made; /* calls within the window, oldest first */
    int account_made_count, app_made_count;
};
/* o is borrowed during the callback. ERR_NOT_FOUND. */
void plan_outlook(struct db_pool *p, const struct run_request *r, int known_days, int64_t window_ms,
                  void (*done)(void *arg, int rc, const struct plan_outlook *o, const struct err *e), void *arg);
