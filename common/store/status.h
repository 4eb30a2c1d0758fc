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
 *   budgets       the fields of :budget:<scope> of the app and of every connected account that has one
 *   runs          the open ones, as LIST_OPEN_RUNS
 *   dead_letters  how many
 *   connections   how many by status
 *   problems      code, message: everything that is degraded; empty = all is well */
void status_read(struct db_pool *p, struct redis *r, const char *prefix, void (*done)(void *arg, const char *json),
                 void *arg);
