#pragma once
#include "common/base/http.h"
#include "common/provider/provider.h"
/* Sets the quotas of *v from Meta's usage headers: X-App-Usage and app_id_util_pct speak of the app, all else of the
 * account. account: whose
 * entry of X-Business-Use-Case-Usage counts (all do when it is NULL or has none). */
void meta_usage_read(const struct http_answer *a, const char *account, struct verdict *v);
