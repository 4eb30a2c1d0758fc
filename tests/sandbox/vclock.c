#include "tests/sandbox/vclock.h"
#include "common/base/clk.h"

int64_t vclock_now(const struct vclock *c)
{
    return c->stopped ? c->frozen_ms : clk_wall_ms() + c->offset_ms;
}

void vclock_set(struct vclock *c, int64_t at_ms)
{
    c->offset_ms = at_ms - clk_wall_ms();
    c->frozen_ms = at_ms;
}

void vclock_stop(struct vclock *c, bool stop)
{
    vclock_set(c, vclock_now(c));
    c->stopped = stop;
}
