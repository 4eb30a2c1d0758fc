#pragma once
#include <stdbool.h>
#include <stddef.h>
/* Base64 with the URL alphabet (RFC 4648, section 5), strict: no other characters, no stray bits, padded with = or not
 * as asked. */
#define BASE64URL_TEXT(bytes) (((bytes) + 2) / 3 * 4 + 1) /* room for the padded text with NUL */
void base64url_encode(const void *bytes, size_t len, bool padded, char *out);
/* Into at most `size` bytes; *len gets their number. False when text is malformed or longer. */
bool base64url_decode(const char *text, size_t text_len, bool padded, void *out, size_t size, size_t *len);
