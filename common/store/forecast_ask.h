#pragma once
#include "common/base/buf.h"
#include "common/store/run_forecast.h"
/* What a sync would take now, without asking for it. ERR_INPUT as when it is asked for in earnest, ERR_NOT_FOUND. f is
 * borrowed during the callback. */
void forecast_ask(struct db_pool *p, const struct settings *s, const struct run_request *r,
                  void (*done)(void *arg, int rc, const struct run_forecast *f, const struct err *e), void *arg);
/* {"calls","chunks","seconds","starts_at"} */
void forecast_write(struct buf *out, const struct run_forecast *f);
