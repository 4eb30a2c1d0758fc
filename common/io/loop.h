#pragma once
#include "common/base/err.h"
#include <stdint.h>
/* The process skeleton: one libuv loop, timers, deferred calls, CPU work off the loop, signals and the staged stop.
 *
 * The promise of every asynchronous service of this project: starting never fails, the callback never runs inside the
 * starting call, it runs exactly once, also after cancel. Failures of starting arrive on the next turn. */
struct loop;
struct uv_loop_s;

struct loop *loop_new(void);
/* Runs until nothing is left to wait for. */
void loop_run(struct loop *l);
/* One turn without blocking, for tests. */
void loop_turn(struct loop *l);
/* Closes the loop; CHECKs that every handle is gone. */
void loop_free(struct loop *l);
struct uv_loop_s *loop_uv(struct loop *l); /* for the owners of foreign libraries in common/io only */

/* Calls fn(arg) on the next turn, in order. */
void loop_defer(struct loop *l, void (*fn)(void *arg), void *arg);

/* One-shot timers. The handle is dead once fn was called or timer_cancel returned; cancelled timers are never called.
 */
struct timer;
struct timer *timer_start(struct loop *l, int64_t after_ms, void (*fn)(void *arg), void *arg);
void timer_cancel(struct timer *t); /* accepts NULL */

/* work(arg) on the thread pool, then done(arg) on the loop. At most as many at once as there are cores. */
void loop_work(struct loop *l, void (*work)(void *arg), void (*done)(void *arg), void *arg);

/* First SIGTERM or SIGINT: stop(arg) once, on the loop; a second one ends the process at once with code 1. SIGPIPE is
 * ignored. */
void loop_on_stop(struct loop *l, void (*stop)(void *arg), void *arg);
/* Lets go of the signal handles, so that the loop can end. */
void loop_ignore_stop(struct loop *l);
/* For programs that wait for one thing: runs the loop until *done becomes true. */
void loop_run_until(struct loop *l, const int *done);
