#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/id.h"
#include "common/base/secret.h"
#include <stdint.h>
/* Pure: the `state` that goes with a person to the provider's login and comes back: what the login is for, signed under
 * JWT_SECRET, for one browser session and ten minutes. That it is used once is the store's to know
 * (common/store/oauth_state.h). It is no access token: it names no workspaces that may be entered. */
enum { OAUTH_STATE_SECONDS = 600, OAUTH_SESSION_TEXT = 74 };

struct oauth_state {
    char id[UUID_TEXT];         /* of this login */
    char workspace[UUID_TEXT];  /* that it is for */
    char connection[UUID_TEXT]; /* whose token it replaces; "" when accounts are to be chosen */
};
/* The value of a session's cookie: random. */
void oauth_session_make(char out[OAUTH_SESSION_TEXT]);
void oauth_state_write(const struct secret *jwt_secret, const struct oauth_state *s, const char *session, int64_t now_s,
                       struct buf *out);
/* session: the cookie's value, or NULL. ERR_FORBIDDEN says what is wrong, for people. */
int oauth_state_read(const struct secret *jwt_secret, const char *text, const char *session, int64_t now_s,
                     struct oauth_state *out, struct err *e) MUST_CHECK;
