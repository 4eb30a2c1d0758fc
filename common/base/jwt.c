#include "common/base/jwt.h"
#include "common/base/base64url.h"
#include "common/base/check.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { MAC_BYTES = 32, TOKEN_BYTES_MAX = 16 * 1024 };

static void sign(const char *key, size_t key_len, const char *text, size_t len, unsigned char mac[MAC_BYTES])
{
    unsigned mac_len = MAC_BYTES;
    CHECK(HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, len, mac, &mac_len) != NULL);
}

static void add_base64url(struct buf *b, const void *bytes, size_t len)
{
    char *text = mem_new(1, BASE64URL_TEXT(len));
    CHECK(text != NULL);
    base64url_encode(bytes, len, false, text);
    buf_add_str(b, text);
    free(text);
}

void jwt_sign(const struct secret *secrets, const char *payload, struct buf *out)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    const char *keys = secret_reveal(secrets);
    unsigned char mac[MAC_BYTES];
    struct buf token;

    buf_init(&token, TOKEN_BYTES_MAX);
    add_base64url(&token, header, sizeof header - 1);
    buf_add_char(&token, '.');
    add_base64url(&token, payload, strlen(payload));
    CHECK(!token.overflow);
    sign(keys, strcspn(keys, ","), token.data, token.len, mac);
    buf_add_str(out, buf_str(&token));
    buf_add_char(out, '.');
    add_base64url(out, mac, sizeof mac);
    buf_free(&token);
}

/* Every secret is tried, whichever fits. */
static bool is_signed(const struct secret *secrets, const char *text, size_t len, const unsigned char mac[MAC_BYTES])
{
    unsigned char ours[MAC_BYTES];
    bool same = false;

    for (const char *key = secret_reveal(secrets); *key != '\0';) {
        const size_t key_len = strcspn(key, ",");
        sign(key, key_len, text, len, ours);
        same |= CRYPTO_memcmp(ours, mac, sizeof ours) == 0;
        key += key_len + (key[key_len] == ',');
    }
    return same;
}

/* The JSON object in a part; NULL when there is none. */
static json_t *read_part(const char *part, size_t len)
{
    char *text = mem_new(1, len + 1);
    size_t size = 0;
    json_t *object = NULL;

    CHECK(text != NULL);
    if (base64url_decode(part, len, false, text, len, &size))
        object = json_text_read(text, size, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool header_is_ours(const char *part, size_t len)
{
    json_t *header = read_part(part, len);
    const char *alg = json_string_value(json_object_get(header, "alg"));
    const bool ours = alg != NULL && strcmp(alg, "HS256") == 0 && json_object_get(header, "crit") == NULL;
    json_decref(header);
    return ours;
}

static int check_time(const json_t *payload, int64_t now_s, struct err *e)
{
    const json_t *exp = json_object_get(payload, "exp"), *nbf = json_object_get(payload, "nbf");

    if (!json_is_number(exp))
        return err_set(e, ERR_UNAUTHORIZED, "the token lacks exp, the second at which it ends");
    if (json_number_value(exp) <= (double)now_s)
        return err_set(e, ERR_UNAUTHORIZED, "the token has expired");
    if (nbf != NULL && (!json_is_number(nbf) || json_number_value(nbf) > (double)now_s))
        return err_set(e, ERR_UNAUTHORIZED, "the token is not in force yet");
    return 0;
}

int jwt_verify(const struct secret *secrets, const char *token, int64_t now_s, json_t **payload, struct err *e)
{
    const char *dot = strchr(token, '.'), *last = strrchr(token, '.');
    unsigned char mac[MAC_BYTES];
    size_t len = 0;

    if (strlen(token) > TOKEN_BYTES_MAX)
        return err_set(e, ERR_UNAUTHORIZED, "the token is larger than %d bytes", TOKEN_BYTES_MAX);
    if (dot == NULL || dot == last || memchr(dot + 1, '.', (size_t)(last - dot - 1)))
        return err_set(e, ERR_UNAUTHORIZED, "the token is no JSON Web Token");
    if (!header_is_ours(token, (size_t)(dot - token)))
        return err_set(e, ERR_UNAUTHORIZED, "the token is not signed with HS256");
    if (!base64url_decode(last + 1, strlen(last + 1), false, mac, sizeof mac, &len) || len != sizeof mac ||
        !is_signed(secrets, token, (size_t)(last - token), mac))
        return err_set(e, ERR_UNAUTHORIZED, "the token's signature is not ours");
    json_t *claims = read_part(dot + 1, (size_t)(last - dot - 1));
    if (claims == NULL)
        return err_set(e, ERR_UNAUTHORIZED, "the token's claims are no JSON object");
    const int rc = check_time(claims, now_s, e);
    if (rc != 0)
        json_decref(claims);
    else
        *payload = claims;
    return rc;
}
