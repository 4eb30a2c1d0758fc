#include "api/prefer.h"
#include "common/base/str.h"
#include <string.h>
#include <strings.h>

static bool is_word(const char *at, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(at, word, len) == 0;
}

static int64_t wait_of(const char *at, size_t len, int64_t otherwise)
{
    static const char name[] = "wait=";
    char digits[12] = "";
    int64_t seconds;

    if (len < sizeof name || len - (sizeof name - 1) >= sizeof digits || strncasecmp(at, name, sizeof name - 1) != 0)
        return otherwise;
    memcpy(digits, at + sizeof name - 1, len - (sizeof name - 1));
    if (!str_to_i64(digits, 0, INT64_MAX, &seconds))
        return otherwise;
    return seconds > PREFER_WAIT_MAX ? PREFER_WAIT_MAX : seconds;
}

int64_t prefer_wait_s(const char *prefer, int64_t otherwise)
{
    int64_t wait = otherwise;

    for (const char *at = prefer; at != NULL && *at != '\0';) {
        at += strspn(at, ", \t");
        const size_t len = strcspn(at, ",; \t");
        if (is_word(at, len, "respond-async"))
            return 0;
        wait = wait_of(at, len, wait);
        at += strcspn(at, ",");
    }
    return wait;
}
