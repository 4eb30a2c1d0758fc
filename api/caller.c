#include "api/caller.h"
#include "common/base/jwt.h"
#include "common/base/str.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The end of the year 9999: some say "for ever" with a number that no clock reaches. */
#define EXP_S_MAX INT64_C(253402300799)

/* The value of the cookie access_token, owned by the caller; NULL when there is none. */
static char *cookie_token(const char *cookie)
{
    static const char name[] = "access_token=";

    for (const char *at = cookie; at != NULL && *at != '\0';) {
        at += strspn(at, "; ");
        const size_t len = strcspn(at, ";");
        if (str_starts(at, name))
            return str_printf("%.*s", (int)(len - (sizeof name - 1)), at + sizeof name - 1);
        at += len;
    }
    return NULL;
}

static int read_workspaces(json_t *claims, struct caller *out, struct err *e)
{
    json_t *list = json_object_get(claims, "workspaces");
    const char *all = json_string_value(list);
    size_t i;
    json_t *id;

    out->everywhere = all != NULL && strcmp(all, "*") == 0;
    if (out->everywhere && out->role != ROLE_OPERATOR && out->role != ROLE_SERVICE)
        return err_set(e, ERR_UNAUTHORIZED, "workspaces \"*\" is for the roles operator and service");
    if (out->everywhere)
        return 0;
    if (!json_is_array(list))
        return err_set(e, ERR_UNAUTHORIZED, "the token lacks workspaces, an array of ids");
    json_array_foreach(list, i, id) if (!json_is_string(id)) return err_set(
        e, ERR_UNAUTHORIZED, "workspaces of the token holds something that is no id");
    out->workspaces = json_incref(list);
    return 0;
}

static int read_claims(json_t *claims, struct caller *out, struct err *e)
{
    const char *sub = json_string_value(json_object_get(claims, "sub"));
    const json_t *role = json_object_get(claims, "role");

    if (sub == NULL || *sub == '\0' || !str_copy(out->sub, sizeof out->sub, sub))
        return err_set(e, ERR_UNAUTHORIZED, "the token lacks sub, at most %zu bytes that name the caller",
                       sizeof out->sub - 1);
    const double exp_s = json_number_value(json_object_get(claims, "exp"));
    out->exp_s = exp_s < (double)EXP_S_MAX ? (int64_t)exp_s : EXP_S_MAX;
    out->role = ROLE_VIEWER;
    if (role != NULL && (!json_is_string(role) || !role_from_name(json_string_value(role), &out->role)))
        return err_set(e, ERR_UNAUTHORIZED, "role of the token is none of viewer, admin, operator, service");
    return read_workspaces(claims, out, e);
}

int caller_identify(const struct secret *secrets, const char *authorization, const char *cookie, int64_t now_s,
                    struct caller *out, struct err *e)
{
    static const char scheme[] = "Bearer ";
    char *from_cookie = authorization == NULL ? cookie_token(cookie) : NULL;
    const char *token = from_cookie;
    json_t *claims = NULL;

    *out = (struct caller){.by_cookie = from_cookie != NULL};
    if (authorization != NULL && strncasecmp(authorization, scheme, sizeof scheme - 1) == 0)
        token = authorization + sizeof scheme - 1;
    if (token == NULL)
        return err_set(e, ERR_UNAUTHORIZED, "send a token: Authorization: Bearer …, or the cookie access_token");
    int rc = jwt_verify(secrets, token, now_s, &claims, e);
    if (rc == 0)
        rc = read_claims(claims, out, e);
    json_decref(claims);
    free(from_cookie);
    return rc;
}

void caller_clear(struct caller *c)
{
    json_decref(c->workspaces);
    *c = (struct caller){0};
}

bool caller_may_enter(const struct caller *c, const char *workspace)
{
    size_t i;
    json_t *id;

    if (c->everywhere)
        return true;
    json_array_foreach(c->workspaces, i, id) if (strcasecmp(json_string_value(id), workspace) == 0) return true;
    return false;
}

/* Whether an Origin (scheme://host[:port]) is that of PUBLIC_URL, which may have a path. */
static bool is_origin_of(const char *origin, const char *public_url)
{
    const size_t len = strlen(origin);
    return strncasecmp(origin, public_url, len) == 0 && (public_url[len] == '\0' || public_url[len] == '/');
}

int caller_same_site(const char *origin, const char *sec_fetch_site, const char *public_url, struct err *e)
{
    if (sec_fetch_site != NULL && strcmp(sec_fetch_site, "same-origin") != 0 && strcmp(sec_fetch_site, "none") != 0)
        return err_set(e, ERR_FORBIDDEN, "a page of another site may not change anything");
    if (origin != NULL && !is_origin_of(origin, public_url))
        return err_set(e, ERR_FORBIDDEN, "a page of another origin may not change anything");
    return 0;
}
