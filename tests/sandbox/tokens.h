#pragma once
#include <stdbool.h>
#include <stdint.h>
/* Access tokens and what became of them. */
#define TOKEN_STATES(X)                                                                                                \
    X(TOKEN_OK, "ok", 0, "")                                                                                           \
    X(TOKEN_REVOKED, "revoked", 458, "Error validating access token: The user has not authorized application 258.")    \
    X(TOKEN_CHECKPOINT, "checkpoint", 459,                                                                             \
      "Error validating access token: You cannot access the app till you log in to www.facebook.com and follow the "   \
      "instructions given.")                                                                                           \
    X(TOKEN_PASSWORD, "password_changed", 460,                                                                         \
      "Error validating access token: The session has been invalidated because the user changed their password or "    \
      "Facebook has changed the session for security reasons.")                                                        \
    X(TOKEN_EXPIRED, "expired", 463,                                                                                   \
      "Error validating access token: Session has expired on Wednesday, 14-Feb-18 18:00:00 PST.")                      \
    X(TOKEN_UNCONFIRMED, "unconfirmed", 464,                                                                           \
      "Error validating access token: Sessions for the user are not allowed because the user is not a confirmed "      \
      "user.")                                                                                                         \
    X(TOKEN_INVALID, "invalid", 467,                                                                                   \
      "Error validating access token: The session is invalid because the user logged out.")                            \
    X(TOKEN_NO_ROLE, "no_role", 492, "Error validating access token: Session does not match current stored session.")
enum token_state {
#define X(id, name, subcode, message) id,
    TOKEN_STATES(X)
#undef X
        TOKEN_STATE_COUNT
};
bool token_state_find(const char *name, enum token_state *out);
int token_state_subcode(enum token_state s);
const char *token_state_message(enum token_state s);

#define TOKEN_BYTES 256
#define TOKEN_ACCOUNTS_MAX 16
struct token {
    char text[TOKEN_BYTES];
    enum token_state state;
    int64_t issued_ms, expires_ms;                   /* expires 0: never */
    bool app;                                        /* an app's own token, no user's */
    bool can_read_ads;                               /* has ads_read */
    int accounts[TOKEN_ACCOUNTS_MAX], account_count; /* the ad accounts it sees; none named: all */
};
struct tokens {
    struct token *list;
    int count, room;
};
void tokens_free(struct tokens *t);
/* Adds one, or returns the one with this text. Borrowed until the next one is added. */
struct token *tokens_put(struct tokens *t, const char *text);
struct token *tokens_find(const struct tokens *t, const char *text); /* NULL when unknown */
enum token_state token_state_at(const struct token *t, int64_t now_ms);
bool token_sees(const struct token *t, int account_number);
