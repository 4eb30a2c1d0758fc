#pragma once
#include <stdint.h>
/* Pure: how long a caller wants to wait for an answer, from its header Prefer (RFC 7240; NULL: none): wait=N seconds,
 * at most PREFER_WAIT_MAX, or respond-async, which is 0. What is not understood is passed over, as the RFC says. */
enum { PREFER_WAIT_MAX = 300 };
int64_t prefer_wait_s(const char *prefer, int64_t otherwise);
