#include "common/store/redis_keys.h"
#include "common/base/check.h"
#include <stdio.h>

const char *redis_key(char out[KEY_MAX], const char *prefix, const char *a, const char *b)
{
    int len = snprintf(out, KEY_MAX, b == NULL ? "%s:%s" : "%s:%s:%s", prefix, a, b);
    CHECK(len > 0 && len < KEY_MAX);
    return out;
}
