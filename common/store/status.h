#pragma once
#include "common/io/db.h"
#include "common/io/redis.h"
/* How the whole installation stands, for metricx status and the operators' API: one JSON object. Never fails: what
 * cannot be reached is a problem of its own.
 *
 *   complete      PostgreSQL and Redis both answered
 *   queue         jobs ready, leased, delayed, dead
 *   scheduler     alive, leader, host, since, last_tick (milliseconds), tick_at (text)
 *   workers       id, alive, host, pid, version, jobs, rows, calls, last_heartbeat (milliseconds), seen_at (text)
 *   budgets       of the app and of connected accounts that have one, 100 in all, blocked ones and those with open runs
 * first: scope, limit, used, window_seconds usage_percent (the provider's own word), usage_age (seconds since),
 * foreign_percent (how much of it our calls cannot explain): null when it is as old as the window, or was never said
 *                 blocked_until; next_call_at (null: now) and parked_by (why not before: blocked, budget spent,
 *                 stretched, paced) of the first lane with work
 *   accounts      how many are connected
 *   runs          open ones, as LIST_OPEN_RUNS
 *   open_runs     how many there are in all
 *   dead_letters  how many
 *   connections   how many by status
 *   holds         connection_id and external_account_id (null: all work), reason, since
 *   problems      code, message: everything that is degraded; empty = all is well */
void status_read(struct db_pool *p, struct redis *r, const char *prefix, void (*done)(void *arg, const char *json),
                 void *arg);
