#pragma once
#include "common/base/err.h"
#include <stddef.h>
/* Every Redis key, in one place. All begin with QUEUE_PREFIX; scripts get the prefix as KEYS[1] and build the same
 * names.
 *
 *   :requests             list    sync requests from outside (contract, section 5)
 *   :requests:taking      list    the ones being read by the planning scheduler
 *   :requests:rejected    list    the newest 1,000 that could not be obeyed
 *   :run:<run>            hash    progress of a run, kept 7 days after its end
 *   :job:<chunk>          hash    one job, live or dead
 *   :ready:<conn>:<lane>  list    jobs of a connection, oldest at the tail; lanes are high, normal and low
 *   :gate:<lane>          zset    domains (meta:act_N) with work, by the microsecond at which each may run (the
 *                                 parking lot), else of its last call (whose turn it is)
 *   :domain:<domain>:<lane> zset  connections with work, by calls had (whose turn it is)
 *   :lease                zset    jobs in flight, by the millisecond at which their lease ends
 *   :delayed              zset    jobs that wait, by the millisecond at which they are due
 *   :dead                 zset    jobs given up
 *   :budget:<scope>       hash    the rolling window of calls of meta:app or meta:act_N, its pacer, what the
 *                                 provider said of its own quota
 *   :life                 hash    server and instant since which these data are believed (lua/common.lua)
 *   :rolling              zset    budgets with calls in their window, by the microsecond at which a bucket leaves it
 *   :flying               zset    open calls that no job holds, by the millisecond at which they count as ended
 *   :workers, :worker:<id>        heartbeats
 *   :scheduler            hash    who plans
 *   :stats                hash    counters
 *   :wake                 list    up to 64 tokens: an idle worker takes one
 *   :plan                 channel wakes the schedulers
 *   :events               channel changes, as JSON
 */
#define KEY_MAX 320
/* "<prefix>:<a>" or "<prefix>:<a>:<b>"; returns out. */
const char *redis_key(char out[KEY_MAX], const char *prefix, const char *a, const char *b);
