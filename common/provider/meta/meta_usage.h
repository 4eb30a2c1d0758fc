#pragma once
#include "common/base/http.h"
#include "common/provider/provider.h"
/* Sets the quotas of *v from Meta's usage headers: X-App-Usage and app_id_util_pct speak of the app, all else of the
 * account. account: whose entry of X-Business-Use-Case-Usage counts (all do when it is NULL or has none). *said: what
 * the waiting times of single quotas depend on. */
struct meta_said {
    int64_t score_ms, use_case_ms; /* how long the account's score, its use cases want no call; 0 = not said */
    bool full_tier;                /* of access */
};
void meta_usage_read(const struct http_answer *a, const char *account, struct verdict *v, struct meta_said *said);
