#pragma once
#include "common/base/claims.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include <stdbool.h>
#include <stdint.h>
/* Pure: who sends a request, and what that one may do (contract, section 8). */
struct caller {
    char sub[128];
    enum role role;
    int64_t exp_s;   /* when its token ends */
    bool everywhere; /* workspaces "*" */
    bool by_cookie;
    struct json_t *workspaces; /* owned: array of ids; NULL when everywhere */
};
/* From the headers Authorization and Cookie (NULL when absent); the first one goes before. ERR_UNAUTHORIZED. */
int caller_identify(const struct secret *secrets, const char *authorization, const char *cookie, int64_t now_s,
                    struct caller *out, struct err *e) MUST_CHECK;
void caller_clear(struct caller *c);
bool caller_may_enter(const struct caller *c, const char *workspace);
/* A browser sends the cookie along with whatever a foreign page asks for: that is refused. ERR_FORBIDDEN. */
int caller_same_site(const char *origin, const char *sec_fetch_site, const char *public_url, struct err *e) MUST_CHECK;
