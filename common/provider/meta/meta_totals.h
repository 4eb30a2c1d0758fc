#pragma once
#include "common/base/buf.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Insights at account level: what Meta itself says a day comes to, deleted ads included. */

/* The parameters that ask for the slice's totals, but limit and cursor. No status filter: a total is of all ads. */
void meta_totals_params(struct buf *url, const struct slice *s);
/* The rows of `data` into p->totals. ERR_ANSWER names the field. */
int meta_totals_read(const struct slice *s, const json_t *data, struct page *p, struct err *e) MUST_CHECK;
