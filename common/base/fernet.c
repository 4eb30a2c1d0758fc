#include "common/base/fernet.h"
#include "common/base/base64url.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/mem.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

/* Layout of a token: version (1), time in seconds (8, big endian), IV (16), ciphertext (n * 16), HMAC of all before
 * (32). A key is 16 bytes for signing, then 16 for encryption. */
enum {
    VERSION = 0x80,
    KEY_BYTES = 32,
    KEY_TEXT = 44,
    IV_AT = 9,
    HEAD_BYTES = 25,
    BLOCK_BYTES = 16,
    MAC_BYTES = 32,
    KEYS_MAX = 32,
    PLAIN_MAX = 1024 * 1024,
    CLOCK_SKEW_S = 60,
};

struct key {
    unsigned char signing[KEY_BYTES / 2], encryption[KEY_BYTES / 2];
};

struct fernet {
    int count;
    struct key keys[KEYS_MAX];
};

static bool read_key(const char *text, size_t len, struct key *key)
{
    unsigned char bytes[KEY_BYTES];
    size_t got = 0;
    bool good = len == KEY_TEXT && base64url_decode(text, len, true, bytes, sizeof bytes, &got) && got == sizeof bytes;

    if (good) {
        memcpy(key->signing, bytes, sizeof key->signing);
        memcpy(key->encryption, bytes + sizeof key->signing, sizeof key->encryption);
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    return good;
}

static int read_keys(struct fernet *f, const char *at, struct err *e)
{
    for (;; at++) {
        size_t len;

        at += strspn(at, " ");
        len = strcspn(at, ", ");
        if (f->count == KEYS_MAX)
            return err_set(e, ERR_SETTING, "TOKEN_ENCRYPTION_KEY has more than %d keys", KEYS_MAX);
        if (!read_key(at, len, &f->keys[f->count]))
            return err_set(e, ERR_SETTING,
                           "key %d of TOKEN_ENCRYPTION_KEY is no Fernet key (32 bytes as 44 characters of base64url); "
                           "\"metricx keygen\" makes one",
                           f->count + 1);
        f->count++;
        at += len;
        at += strspn(at, " ");
        if (*at == '\0')
            return 0;
        if (*at != ',')
            return err_set(e, ERR_SETTING, "the keys of TOKEN_ENCRYPTION_KEY are separated by commas");
    }
}

int fernet_new(const char *keys, struct fernet **out, struct err *e)
{
    struct fernet *f = mem_new(1, sizeof *f);
    int rc;

    rc = read_keys(f, keys, e);
    if (rc == 0)
        *out = f;
    else
        fernet_free(f);
    return rc;
}

void fernet_free(struct fernet *f)
{
    if (f == NULL)
        return;
    OPENSSL_cleanse(f, sizeof *f);
    free(f);
}

/* OpenSSL refuses what we ask of it only when it is refused memory. */
static int no_memory(struct err *e)
{
    return err_set(e, ERR_NO_MEMORY, "OpenSSL had no memory");
}

static bool sign(const struct key *key, const unsigned char *bytes, size_t len, unsigned char mac[MAC_BYTES])
{
    unsigned mac_len = 0;

    return HMAC(EVP_sha256(), key->signing, sizeof key->signing, bytes, len, mac, &mac_len) != NULL &&
           mac_len == MAC_BYTES;
}

/* CBC with PKCS #7 padding, either way; *out_len gets the bytes written. ERR_CRYPTO: what is there is no padding. */
static int run_cipher(const struct key *key, const unsigned char *iv, bool encrypt, const unsigned char *in,
                      size_t in_len, unsigned char *out, size_t *out_len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int head = 0, tail = 0;
    int rc = 0;

    if (ctx == NULL || EVP_CipherInit_ex(ctx, EVP_aes_128_cbc(), NULL, key->encryption, iv, encrypt) != 1)
        rc = ERR_NO_MEMORY;
    else if (EVP_CipherUpdate(ctx, out, &head, in, (int)in_len) != 1 || EVP_CipherFinal_ex(ctx, out + head, &tail) != 1)
        rc = ERR_CRYPTO;
    EVP_CIPHER_CTX_free(ctx);
    *out_len = (size_t)head + (size_t)tail;
    return rc;
}

static int seal(const struct key *key, int64_t now_s, const uint8_t iv[BLOCK_BYTES], const void *plain, size_t len,
                char **token, struct err *e)
{
    unsigned char *bytes;
    size_t sealed = 0, total;

    if (len > PLAIN_MAX)
        return err_set(e, ERR_LIMIT, "a text of %zu bytes is too long to encrypt", len);
    bytes = mem_new(1, HEAD_BYTES + len + BLOCK_BYTES + MAC_BYTES);
    bytes[0] = VERSION;
    for (int i = 0; i < 8; i++)
        bytes[1 + i] = (unsigned char)((uint64_t)now_s >> (56 - 8 * i));
    memcpy(bytes + IV_AT, iv, BLOCK_BYTES);
    if (run_cipher(key, iv, true, plain, len, bytes + HEAD_BYTES, &sealed) != 0 ||
        !sign(key, bytes, HEAD_BYTES + sealed, bytes + HEAD_BYTES + sealed)) {
        free(bytes);
        return no_memory(e);
    }
    total = HEAD_BYTES + sealed + MAC_BYTES;
    *token = mem_new(1, BASE64URL_TEXT(total));
    base64url_encode(bytes, total, true, *token);
    free(bytes);
    return 0;
}

/* The bytes of a token whose shape is right, to be freed; NULL when it is wrong. */
static unsigned char *unpack(const char *token, size_t *len)
{
    const size_t text_len = strlen(token), room = text_len / 4 * 3;
    unsigned char *bytes;

    if (room > PLAIN_MAX + 3 * MAC_BYTES)
        return NULL;
    bytes = mem_new(1, room + 1);
    if (base64url_decode(token, text_len, true, bytes, room, len) && *len >= HEAD_BYTES + BLOCK_BYTES + MAC_BYTES &&
        (*len - HEAD_BYTES - MAC_BYTES) % BLOCK_BYTES == 0 && bytes[0] == VERSION)
        return bytes;
    free(bytes);
    return NULL;
}

static int malformed(struct err *e)
{
    return err_set(e, ERR_CRYPTO, "this is no Fernet token");
}

static int64_t time_of(const unsigned char *bytes)
{
    uint64_t time_s = 0;

    for (int i = 1; i < IV_AT; i++)
        time_s = time_s << 8 | bytes[i];
    return time_s > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)time_s;
}

/* ERR_CRYPTO when the key does not fit. */
static int open_with(const struct key *key, const unsigned char *bytes, size_t len, struct secret **opened)
{
    const size_t sealed = len - HEAD_BYTES - MAC_BYTES;
    unsigned char mac[MAC_BYTES], *plain;
    size_t plain_len = 0;
    int rc;

    if (!sign(key, bytes, len - MAC_BYTES, mac))
        return ERR_NO_MEMORY;
    if (CRYPTO_memcmp(mac, bytes + len - MAC_BYTES, MAC_BYTES) != 0)
        return ERR_CRYPTO;
    plain = mem_new(1, sealed + BLOCK_BYTES);
    rc = run_cipher(key, bytes + IV_AT, false, bytes + HEAD_BYTES, sealed, plain, &plain_len);
    if (rc == 0)
        *opened = secret_new((const char *)plain, plain_len);
    OPENSSL_cleanse(plain, sealed + BLOCK_BYTES);
    free(plain);
    return rc;
}

int fernet_seal(const struct fernet *f, const struct secret *plain, char **token, struct err *e)
{
    uint8_t iv[BLOCK_BYTES];

    CHECK(RAND_bytes(iv, sizeof iv) == 1);
    return seal(&f->keys[0], clk_wall_ms() / 1000, iv, secret_reveal(plain), secret_len(plain), token, e);
}

int fernet_open(const struct fernet *f, const char *token, struct secret **plain, int *opened_by, struct err *e)
{
    size_t len = 0;
    unsigned char *bytes = unpack(token, &len);
    int i, rc = ERR_CRYPTO;

    if (bytes == NULL)
        return malformed(e);
    for (i = 0; i < f->count && rc == ERR_CRYPTO; i++)
        rc = open_with(&f->keys[i], bytes, len, plain);
    free(bytes);
    if (rc == ERR_NO_MEMORY)
        return no_memory(e);
    if (rc != 0)
        return err_set(e, ERR_CRYPTO, "none of the %d keys of TOKEN_ENCRYPTION_KEY opens the token", f->count);
    if (opened_by != NULL)
        *opened_by = i - 1;
    return 0;
}

void fernet_keygen(char out[45])
{
    unsigned char bytes[KEY_BYTES];

    CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
    base64url_encode(bytes, sizeof bytes, true, out);
    OPENSSL_cleanse(bytes, sizeof bytes);
}

static int one_key(const char *text, struct key *key, struct err *e)
{
    return read_key(text, strlen(text), key) ? 0 : err_set(e, ERR_SETTING, "this is no Fernet key");
}

int fernet_seal_at(const char *key, int64_t now_s, const uint8_t iv[16], const void *plain, size_t len, char **token,
                   struct err *e)
{
    struct key k;
    int rc = one_key(key, &k, e);

    if (rc == 0)
        rc = seal(&k, now_s, iv, plain, len, token, e);
    OPENSSL_cleanse(&k, sizeof k);
    return rc;
}

int fernet_open_at(const char *key, const char *token, int64_t now_s, int64_t ttl_seconds, struct secret **plain,
                   struct err *e)
{
    struct secret *opened;
    unsigned char *bytes;
    struct key k;
    size_t len = 0;
    int rc = one_key(key, &k, e);
    int64_t made_s;

    if (rc != 0)
        return rc;
    bytes = unpack(token, &len);
    if (bytes == NULL) {
        OPENSSL_cleanse(&k, sizeof k);
        return malformed(e);
    }
    made_s = time_of(bytes);
    rc = open_with(&k, bytes, len, &opened);
    free(bytes);
    OPENSSL_cleanse(&k, sizeof k);
    if (rc == ERR_NO_MEMORY)
        return no_memory(e);
    if (rc != 0)
        return err_set(e, ERR_CRYPTO, "the key does not open the token");
    if (ttl_seconds >= 0 && (made_s < now_s - ttl_seconds || made_s > now_s + CLOCK_SKEW_S)) {
        secret_free(opened);
        return err_set(e, ERR_CRYPTO, "the token is too old, or from the future");
    }
    *plain = opened;
    return 0;
}
