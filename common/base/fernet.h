#pragma once
#include "common/base/err.h"
#include "common/base/secret.h"
#include <stddef.h>
#include <stdint.h>
/* Fernet (version 0x80: AES-128-CBC, HMAC-SHA256, base64url) with a list of keys: the first encrypts, all decrypt. */
struct fernet;
/* keys: comma-separated base64url keys of 32 bytes. ERR_SETTING names the position of a bad one, never its text. */
int fernet_new(const char *keys, struct fernet **out, struct err *e) MUST_CHECK;
void fernet_free(struct fernet *f);
/* *token is owned by the caller (free()). */
int fernet_seal(const struct fernet *f, const struct secret *plain, char **token, struct err *e) MUST_CHECK;
/* ERR_CRYPTO when no key opens it, ERR_NO_MEMORY. *opened_by gets the key's position (0 = the first); may be NULL. */
int fernet_open(const struct fernet *f, const char *token, struct secret **plain, int *opened_by,
                struct err *e) MUST_CHECK;
void fernet_keygen(char out[45]); /* a new key, 44 characters and NUL */
/* For the specification's vectors: fixed time and IV; ttl_seconds < 0 = unlimited. key is one key. */
int fernet_seal_at(const char *key, int64_t now_s, const uint8_t iv[16], const void *plain, size_t len, char **token,
                   struct err *e) MUST_CHECK;
int fernet_open_at(const char *key, const char *token, int64_t now_s, int64_t ttl_seconds, struct secret **plain,
                   struct err *e) MUST_CHECK;
