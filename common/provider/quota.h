#pragma once
#include <stdint.h>
/* What a provider's answer says of one of its own quotas, which others spend too. */
struct quota {
    int used_percent;   /* the highest of its measures; -1 = it says nothing */
    int64_t blocked_ms; /* it wants no call for so long; 0 = it does not say so */
};
#define QUOTA_UNSAID ((struct quota){.used_percent = -1})
