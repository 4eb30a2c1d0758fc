#pragma once
#include "common/store/plan_store.h"
/* Shared by plan_store.c and plan_outlook.c; nobody else includes it. */

/* A row with the columns of plan_runs.sql; run->known is the caller's to free. */
void plan_read_run(const struct db_results *r, int step, int row, struct plan_run *run);
