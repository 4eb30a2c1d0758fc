#include "common/base/sha1.h"
#include "common/base/check.h"
#include <openssl/evp.h>
#include <stdio.h>

void sha1_hex(const char *text, size_t len, char out[41])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned bytes = 0;

    CHECK(EVP_Digest(text, len, digest, &bytes, EVP_sha1(), NULL) == 1 && bytes == 20);
    for (size_t i = 0; i < bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
