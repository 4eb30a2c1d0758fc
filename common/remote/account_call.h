#pragma once
#include "common/base/date.h"
#include "common/remote/remote.h"
/* What a provider says of ad accounts. */

struct remote_call;
/* Asks the provider for the account: name, currency, zone. provider and token are borrowed until done is called, info
 * during it; the call until then too, for account_check_cancel. */
struct remote_call *account_check(struct remote *r, const struct provider *provider, const char *account,
                                  const struct secret *token,
                                  void (*done)(void *arg, int rc, const struct account_info *info, const struct err *e),
                                  void *arg);
/* Breaks it off as soon as that is orderly: done is still called, with ERR_CANCELED unless it has ended in time. */
void account_check_cancel(struct remote_call *c);
/* Every account that the token may read, all pages: each() per account, then done. */
void account_list(struct remote *r, const struct provider *provider, const struct secret *token,
                  void (*each)(void *arg, const struct account_info *info),
                  void (*done)(void *arg, int rc, const struct err *e), void *arg);
/* The account's own totals of each day from `from` to `to`, both inclusive, all pages (one for 500 days): each() per
 * day that the provider said something of, in its order, then done. A day that it left out had no delivery: all zero.
 * When rc is not 0 the days given so far are worth nothing. account, currency and token are borrowed until done is
 * called. */
void account_totals(struct remote *r, const struct provider *provider, const char *account, const char *currency,
                    const struct secret *token, date_t from, date_t to,
                    void (*each)(void *arg, const struct day_total *total),
                    void (*done)(void *arg, int rc, const struct err *e), void *arg);
