#pragma once
#include "common/base/err.h"
#include <stddef.h>
/* A string that must never be printed: its own type, wiped when freed. */
struct secret;
struct secret *secret_new(const char *text, size_t len); /* copies; NULL when text is NULL */
/* One word of printable ASCII, as access tokens are; spaces and line ends around it go. ERR_INPUT. */
int secret_word(const char *text, size_t len, struct secret **out, struct err *e) MUST_CHECK;
void secret_free(struct secret *s); /* wipes; accepts NULL */
/* The plain text, for the one place that puts it on the wire. Borrowed. */
const char *secret_reveal(const struct secret *s);
size_t secret_len(const struct secret *s);
/* No core dumps and no ptrace by others: PR_SET_DUMPABLE 0, RLIMIT_CORE 0. Call first in main(). */
void secret_harden_process(void);
/* Lower-case hex HMAC-SHA256, 64 digits and NUL: Meta's appsecret_proof (key = app secret, message = token). */
void secret_hmac_hex(const struct secret *key, const struct secret *message, char out[65]);
