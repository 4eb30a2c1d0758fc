#include "common/base/backoff.h"
#include "common/base/check.h"
#include <sys/random.h>

int64_t backoff_ms(int attempt, int64_t base_ms, int64_t cap_ms)
{
    int64_t delay_ms = base_ms < cap_ms ? base_ms : cap_ms;
    uint64_t random;

    CHECK(attempt >= 1 && base_ms > 0 && cap_ms > 0);
    while (--attempt > 0 && delay_ms < cap_ms)
        delay_ms = delay_ms > cap_ms / 2 ? cap_ms : delay_ms * 2;
    CHECK(getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random);
    return delay_ms - (int64_t)(random % (uint64_t)(delay_ms / 2 + 1));
}
