#include "api/oauth_state.h"
#include "common/base/check.h"
#include "common/base/jwt.h"
#include "common/base/str.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What sets it apart from every other token that is signed with the same secret. */
#define PURPOSE "login at a provider"

void oauth_session_make(char out[OAUTH_SESSION_TEXT])
{
    char one[UUID_TEXT], two[UUID_TEXT];

    uuid_make(one);
    uuid_make(two);
    (void)snprintf(out, OAUTH_SESSION_TEXT, "%s.%s", one, two);
}

/* The state passes through the provider's hands: it only knows the session's hash. */
static void hash_session(const struct secret *key, const char *session, char out[65])
{
    struct secret *text = secret_new(session, strlen(session));

    secret_hmac_hex(key, text, out);
    secret_free(text);
}

void oauth_state_write(const struct secret *jwt_secret, const struct oauth_state *s, const char *session, int64_t now_s,
                       struct buf *out)
{
    char hash[65];

    hash_session(jwt_secret, session, hash);
    json_t *claims =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "for", PURPOSE, "jti", s->id, "workspace", s->workspace,
                  "connection", s->connection, "session", hash, "exp", (json_int_t)(now_s + OAUTH_STATE_SECONDS));
    char *payload = json_dumps(claims, JSON_COMPACT);
    CHECK(payload != NULL);
    jwt_sign(jwt_secret, payload, out);
    free(payload);
    json_decref(claims);
}

static const char *claim(const json_t *claims, const char *name)
{
    const char *text = json_string_value(json_object_get(claims, name));
    return text != NULL ? text : "";
}

static int read_claims(const struct secret *jwt_secret, const json_t *claims, const char *session,
                       struct oauth_state *out, struct err *e)
{
    char hash[65] = "";

    if (strcmp(claim(claims, "for"), PURPOSE) != 0 || !uuid_valid(claim(claims, "jti")) ||
        !uuid_valid(claim(claims, "workspace")))
        return err_set(e, ERR_FORBIDDEN, "this is no login that was begun here");
    if (session != NULL)
        hash_session(jwt_secret, session, hash);
    if (hash[0] == '\0' || strcmp(claim(claims, "session"), hash) != 0)
        return err_set(e, ERR_FORBIDDEN, "this login was begun in another browser session; begin it again in this one");
    (void)str_copy(out->id, sizeof out->id, claim(claims, "jti"));
    (void)str_copy(out->workspace, sizeof out->workspace, claim(claims, "workspace"));
    (void)str_copy(out->connection, sizeof out->connection, claim(claims, "connection"));
    return 0;
}

int oauth_state_read(const struct secret *jwt_secret, const char *text, const char *session, int64_t now_s,
                     struct oauth_state *out, struct err *e)
{
    json_t *claims = NULL;
    struct err why;

    if (text == NULL || jwt_verify(jwt_secret, text, now_s, &claims, &why) != 0) {
        return text != NULL && strstr(why.text, "expired") != NULL
                   ? err_set(e, ERR_FORBIDDEN, "this login is older than ten minutes; begin it again")
                   : err_set(e, ERR_FORBIDDEN, "this is no login that was begun here");
    }
    const int rc = read_claims(jwt_secret, claims, session, out, e);
    json_decref(claims);
    return rc;
}
