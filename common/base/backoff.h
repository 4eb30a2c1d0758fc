#pragma once
#include <stdint.h>
/* Delay before retry number `attempt` (1 = first): exponential from base_ms, full jitter in its upper half, at most
 * cap_ms. */
int64_t backoff_ms(int attempt, int64_t base_ms, int64_t cap_ms);
