#pragma once
#include <stddef.h>
/* Lower-case hex SHA-1, 40 digits and NUL: the name Redis gives a script. Not for secrets. */
void sha1_hex(const char *text, size_t len, char out[41]);
