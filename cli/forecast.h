#pragma once
#include "cli/session.h"
#include "common/store/run.h"
/* Says what a sync would take now, without asking for it. Needs the schema. */
int forecast_print(struct session *s, const struct run_request *r, bool json, struct err *e) MUST_CHECK;
