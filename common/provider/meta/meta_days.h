#pragma once
#include "common/base/buf.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Days in insights, at whatever level. */

/* The parameters that ask for the slice's days one by one, at ad or account level. */
void meta_days_params(struct buf *url, const char *level, const struct slice *s);
/* The day that a row is of. ERR_ANSWER when it is none of the slice's. */
int meta_day_read(const struct slice *s, const json_t *row, date_t *out, struct err *e) MUST_CHECK;
