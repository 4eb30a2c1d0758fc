#pragma once
#include "common/remote/account_call.h"
/* The account's own totals of each day from `from` to `to`, both inclusive, asked of the provider outside of jobs and
 * under the account's budget: one call for up to 90 days or so, page by page if there is more. each() once per day that
 * the provider said something of, in its order; a day that it left out had no delivery: all zero. Then done(), once,
 * with the days given so far being worth nothing when rc is not 0. Transient failures are retried twice; a budget that
 * allows nothing now is ERR_THROTTLED. account (act_N), currency and token are borrowed until done is called, `total`
 * during each(). */
void remote_totals(struct remote *r, const struct provider *provider, const char *account, const char *currency,
                   const struct secret *token, date_t from, date_t to,
                   void (*each)(void *arg, const struct day_total *total),
                   void (*done)(void *arg, int rc, const struct err *e), void *arg);
