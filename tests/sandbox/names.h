#pragma once
#include "common/base/buf.h"
#include "tests/sandbox/world.h"
/* Names as advertisers give them; hostile: every third has quotes, line breaks, SQL, right-to-left text or 400
 * characters. */
void names_write(struct buf *out, enum level level, uint64_t key, int index, const struct objective *objective,
                 bool hostile);
void names_account(char *out, size_t size, uint64_t key);
