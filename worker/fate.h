#pragma once
#include "common/store/chunk.h"
#include <stdint.h>
/* Pure: what becomes of a chunk whose call or commit failed. */
struct fate {
    enum chunk_fate chunk;
    int64_t delay_ms;              /* of a retry */
    const char *connection_status; /* NULL, needs_reauth or no_access; static */
};
/* rc: the failure's code; attempts: failures before this one. */
struct fate fate_of(int rc, int attempts);
