#pragma once
#include <stdint.h>
/* What a provider's answer says of one of its own quotas, which others spend too. */
struct quota {
    int used_percent;   /* the highest of its measures; -1 = it says nothing */
    int64_t blocked_ms; /* it wants no call for so long; 0 = it does not say so */
    int64_t backoff_ms; /* it refused the call and does not say for how long: wait so long, and longer each time that
                           this does not help; 0 = no */
    int64_t window_ms;  /* it refused the call because there were too many in so long; 0 = no, or nobody knows */
};
#define QUOTA_UNSAID ((struct quota){.used_percent = -1})
