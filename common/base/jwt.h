#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include <stdint.h>
/* JSON Web Tokens (RFC 7519) signed with HS256, and no other way: what the header says of `alg` is only compared. */
struct json_t;
/* Appends the token of a payload (JSON text) under the first secret of JWT_SECRET's list. */
void jwt_sign(const struct secret *secrets, const char *payload, struct buf *out);
/* The payload of a token that one of the secrets signed and that is in force: `exp` is required, `nbf` obeyed. *payload
 * is the caller's (json_decref). ERR_UNAUTHORIZED says what is wrong, without quoting the token. */
int jwt_verify(const struct secret *secrets, const char *token, int64_t now_s, struct json_t **payload,
               struct err *e) MUST_CHECK;
