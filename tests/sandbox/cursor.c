#include "tests/sandbox/cursor.h"
#include "tests/sandbox/dice.h"
#include <string.h>

#define BYTES 28 /* mark, position, time, check: 38 base64 characters, two of padding */
static const char mark[4] = {0x41, 0x54, 0x21, 0x48};
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static uint64_t check_of(uint64_t query, int64_t position, int64_t made_ms)
{
    return dice_roll(dice_roll(query, (uint64_t)position), (uint64_t)made_ms);
}

void cursor_make(uint64_t query, int64_t position, int64_t now_ms, char out[CURSOR_TEXT])
{
    unsigned char bytes[BYTES + 2] = {0};
    uint64_t check = check_of(query, position, now_ms);
    memcpy(bytes, mark, sizeof mark);
    memcpy(bytes + 4, &check, 8); /* first, so that cursors of one list differ early */
    memcpy(bytes + 12, &position, 8);
    memcpy(bytes + 20, &now_ms, 8);
    int at = 0;
    for (int i = 0; i < BYTES; i += 3) {
        unsigned triple = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            out[at++] = alphabet[triple >> shift & 63];
    }
    memcpy(out + at - 2, "ZD", 3); /* 28 bytes leave two places of padding */
}

static bool decode(const char *text, unsigned char bytes[BYTES + 2])
{
    if (strlen(text) != 40 || strcmp(text + 38, "ZD") != 0)
        return false;
    for (size_t i = 0; i < 10; i++) {
        unsigned triple = 0;
        for (size_t j = 0; j < 4; j++) {
            const char *digit = i * 4 + j < 38 ? strchr(alphabet, text[i * 4 + j]) : alphabet;
            if (digit == NULL)
                return false;
            triple = triple << 6 | (unsigned)(digit - alphabet);
        }
        bytes[i * 3] = (unsigned char)(triple >> 16);
        bytes[i * 3 + 1] = (unsigned char)(triple >> 8);
        bytes[i * 3 + 2] = (unsigned char)triple;
    }
    return true;
}

bool cursor_read(const char *text, uint64_t query, int64_t now_ms, int64_t lifetime_ms, int64_t *position)
{
    unsigned char bytes[BYTES + 2];
    int64_t made_ms;
    uint64_t check;
    if (!decode(text, bytes) || memcmp(bytes, mark, sizeof mark) != 0)
        return false;
    memcpy(&check, bytes + 4, 8);
    memcpy(position, bytes + 12, 8);
    memcpy(&made_ms, bytes + 20, 8);
    return check == check_of(query, *position, made_ms) && *position >= 0 && now_ms - made_ms <= lifetime_ms;
}
