#include "common/base/secret.h"
#include "common/base/check.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct secret {
    size_t len;
    char text[]; /* ended by NUL */
};

struct secret *secret_new(const char *text, size_t len)
{
    struct secret *s;

    if (text == NULL)
        return NULL;
    s = calloc(1, sizeof *s + len + 1);
    CHECK(s != NULL);
    memcpy(s->text, text, len);
    s->len = len;
    return s;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int secret_word(const char *text, size_t len, struct secret **out, struct err *e)
{
    size_t end = len, start = 0;

    while (end > 0 && is_space(text[end - 1]))
        end--;
    while (start < end && is_space(text[start]))
        start++;
    if (start == end)
        return err_set(e, ERR_INPUT, "no access token there");
    for (size_t i = start; i < end; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return err_set(e, ERR_INPUT, "an access token is one word without spaces or line breaks");
    *out = secret_new(text + start, end - start);
    return 0;
}

void secret_free(struct secret *s)
{
    if (s == NULL)
        return;
    OPENSSL_cleanse(s->text, s->len);
    free(s);
}

const char *secret_reveal(const struct secret *s)
{
    return s->text;
}

size_t secret_len(const struct secret *s)
{
    return s->len;
}

void secret_harden_process(void)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    /* LeakSanitizer traces its own process at exit, which an undumpable process forbids. */
#ifndef METRICX_SANITIZED
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void secret_hmac_hex(const struct secret *key, const struct secret *message, char out[65])
{
    unsigned char digest[32];
    unsigned len = 0;

    CHECK(key->len <= INT32_MAX);
    CHECK(HMAC(EVP_sha256(), key->text, (int)key->len, (const unsigned char *)message->text, message->len, digest,
               &len) != NULL);
    CHECK(len == sizeof digest);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
