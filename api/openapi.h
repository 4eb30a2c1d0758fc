#pragma once
#include "api/schemas.h"
#include "common/base/buf.h"
/* The OpenAPI 3.1 document of all routes, into an empty buf. */
void openapi_write(const struct schemas *s, const char *public_url, struct buf *out);
