#include "common/base/clk.h"
#include <stdatomic.h>
#include <stdbool.h>

/* atomic, because the log and parsing threads ask too */
static atomic_bool faked;
static _Atomic int64_t fake_wall_ms, fake_mono_ms;

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clk_wall_ms(void)
{
    return faked ? fake_wall_ms : read_ms(CLOCK_REALTIME);
}

int64_t clk_mono_ms(void)
{
    return faked ? fake_mono_ms : read_ms(CLOCK_MONOTONIC);
}

void clk_fake(int64_t wall_ms, int64_t mono_ms)
{
    fake_wall_ms = wall_ms;
    fake_mono_ms = mono_ms;
    faked = true;
}

void clk_fake_advance(int64_t ms)
{
    fake_wall_ms += ms;
    fake_mono_ms += ms;
}

void clk_real(void)
{
    faked = false;
}
