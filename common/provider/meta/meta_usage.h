#pragma once
#include "common/base/http.h"
#include "common/provider/provider.h"
/* Sets usage_percent and blocked_ms of *v from Meta's usage headers; -1 and 0 when they say nothing. account: whose
 * entry of X-Business-Use-Case-Usage counts (all do when it is NULL or has none). */
void meta_usage_read(const struct http_answer *a, const char *account, struct verdict *v);
