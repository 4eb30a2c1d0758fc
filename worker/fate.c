#include "worker/fate.h"
#include "common/base/backoff.h"

#define RETRY_BASE_MS 1000
#define RETRY_CAP_MS (INT64_C(5) * 60 * 1000)
#define CONFIG_RETRY_MS (INT64_C(60) * 1000)

struct fate fate_of(int rc, int attempts)
{
    switch (rc) {
    case ERR_NEEDS_REAUTH:
        return (struct fate){.chunk = CHUNK_DEAD, .connection_status = "needs_reauth"};
    case ERR_NO_ACCESS:
        return (struct fate){.chunk = CHUNK_DEAD, .connection_status = "no_access"};
    case ERR_BAD_REQUEST:
        return (struct fate){.chunk = CHUNK_DEAD};
    case ERR_THROTTLED:
    case ERR_CANCELED:
        return (struct fate){.chunk = CHUNK_YIELD};
    case ERR_CRYPTO: /* a setting of ours is wrong, not the token: parked, no attempt burnt */
    case ERR_SETTING:
        return (struct fate){.chunk = CHUNK_YIELD, .delay_ms = CONFIG_RETRY_MS};
    case ERR_GONE:
        return (struct fate){.chunk = CHUNK_RESTART, .delay_ms = backoff_ms(attempts + 1, RETRY_BASE_MS, RETRY_CAP_MS)};
    default:
        return (struct fate){.chunk = CHUNK_RETRY, .delay_ms = backoff_ms(attempts + 1, RETRY_BASE_MS, RETRY_CAP_MS)};
    }
}
