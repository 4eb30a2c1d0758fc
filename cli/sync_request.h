#pragma once
#include "cli/session.h"
#include "common/store/run.h"
/* Puts a run into PostgreSQL and wakes the scheduler. Says on stderr what holds it up: an equal run that was open, or
 * that no scheduler or worker is alive. */
int sync_request(struct session *s, const struct run_request *r, struct run_answer *out, struct err *e) MUST_CHECK;
