#include "common/base/base64url.h"
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(const void *bytes, size_t len, bool padded, char *out)
{
    const unsigned char *in = bytes;

    for (size_t at = 0; at < len; at += 3) {
        size_t left = len - at;
        uint32_t group =
            (uint32_t)in[at] << 16 | (left > 1 ? (uint32_t)in[at + 1] << 8 : 0) | (left > 2 ? in[at + 2] : 0);

        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        if (left > 1)
            *out++ = alphabet[group >> 6 & 63];
        else if (padded)
            *out++ = '=';
        if (left > 2)
            *out++ = alphabet[group & 63];
        else if (padded)
            *out++ = '=';
    }
    *out = '\0';
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_decode(const char *text, size_t text_len, bool padded, void *out, size_t size, size_t *len)
{
    unsigned char *to = out;
    uint32_t bits = 0;
    unsigned count = 0; /* of bits not yet written */
    size_t written = 0;

    if (padded) {
        if (text_len % 4 != 0)
            return false;
        for (int pad = 0; pad < 2 && text_len > 0 && text[text_len - 1] == '='; pad++)
            text_len--;
    }
    if (text_len % 4 == 1)
        return false;
    for (size_t i = 0; i < text_len; i++) {
        int six = sextet(text[i]);

        if (six < 0)
            return false;
        bits = bits << 6 | (uint32_t)six;
        count += 6;
        if (count < 8)
            continue;
        if (written == size)
            return false;
        count -= 8;
        to[written++] = (unsigned char)(bits >> count);
        bits &= (1U << count) - 1;
    }
    *len = written;
    return bits == 0;
}
