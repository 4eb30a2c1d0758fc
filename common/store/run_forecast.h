#pragma once
#include "common/base/settings.h"
#include "common/store/plan_outlook.h"
/* Pure: what a sync would cost and how long it would take, planned as the scheduler would plan it now. */
struct run_forecast {
    int64_t calls, chunks;
    int64_t seconds;      /* until it is stored, under the budget as it stands and when nobody else uses it */
    int64_t starts_at_ms; /* when its first call is allowed */
    bool guessed;         /* nothing is known of the account yet: calls and seconds are the least that it takes */
};
/* ERR_INPUT when such a run cannot be planned. */
int run_forecast(const struct plan_outlook *o, const struct settings *s, int64_t now_ms, struct run_forecast *out,
                 struct err *e) MUST_CHECK;
