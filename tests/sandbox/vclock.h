#pragma once
#include <stdbool.h>
#include <stdint.h>
/* The sandbox' own wall clock: runs beside the real one, can be set and stopped. Rate limits do not use it: a client's
 * budget is counted in real time. Milliseconds since 1970. */
struct vclock {
    int64_t offset_ms; /* to the real clock, while it runs */
    int64_t frozen_ms; /* while it is stopped */
    bool stopped;
};
int64_t vclock_now(const struct vclock *c);
void vclock_set(struct vclock *c, int64_t at_ms);
void vclock_stop(struct vclock *c, bool stop);
