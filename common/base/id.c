#include "common/base/id.h"
#include "common/base/check.h"
#include <ctype.h>
#include <sys/random.h>

void uuid_make(char out[UUID_TEXT])
{
    unsigned char r[16];

    /* up to 256 bytes come whole and cannot be interrupted once the generator is seeded */
    CHECK(getrandom(r, sizeof r, 0) == (ssize_t)sizeof r);
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    (void)snprintf(out, UUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
                   r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

bool uuid_valid(const char *text)
{
    if (strlen(text) != UUID_TEXT - 1)
        return false;
    for (int i = 0; i < UUID_TEXT - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}
