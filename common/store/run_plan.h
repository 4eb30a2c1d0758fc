#pragma once
#include "common/base/settings.h"
#include "common/plan/chunk_plan.h"
#include "common/store/plan_store.h"
#include <stdint.h>
/* Pure: what one run becomes. */
#define RUN_CHUNKS_MAX 1200 /* 37 months, a day each */
#define KNOWN_DAYS 1130     /* that planning looks back: 37 months */

/* Fills *out; its chunks are written to `chunks` (room for RUN_CHUNKS_MAX). ERR_INPUT when the run cannot be planned.
 */
int run_plan(const struct plan_run *run, const struct settings *settings, int64_t now_ms, struct day_span *chunks,
             struct plan_write *out, struct err *e) MUST_CHECK;
