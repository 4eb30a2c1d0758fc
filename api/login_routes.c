#include "api/login_routes.h"
#include "api/answer.h"
#include "common/base/clk.h"
#include "common/base/jwt.h"
#include "common/base/str.h"
#include "common/store/login.h"
#include <string.h>

enum { TOKEN_BYTES_MAX = 4096 };

/* HttpOnly and SameSite=Lax; Secure where browsers come by https. An empty token takes the cookie away. */
static void set_cookie(struct call *c, const char *token, int seconds)
{
    struct buf cookie;

    buf_init(&cookie, TOKEN_BYTES_MAX);
    buf_addf(&cookie, "access_token=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", token, seconds,
             str_starts(c->api->service->settings->public_url, "https:") ? "; Secure" : "");
    http_reply_header(c->x, "Set-Cookie", buf_str(&cookie));
    buf_free(&cookie);
}

static void on_used(void *arg, int rc, const char *workspace, enum role role, const struct err *e)
{
    struct call *c = arg;
    struct buf claims, token;

    if (rc != 0) {
        answer_err(c, e);
        return;
    }
    buf_init(&claims, TOKEN_BYTES_MAX);
    buf_init(&token, TOKEN_BYTES_MAX);
    claims_write(&claims, "metricx login", workspace, role, clk_wall_ms() / 1000 + LOGIN_SECONDS);
    jwt_sign(c->api->service->settings->jwt_secret, buf_str(&claims), &token);
    set_cookie(c, buf_str(&token), LOGIN_SECONDS);
    buf_free(&claims);
    buf_free(&token);
    http_reply_header(c->x, "Location", "/");
    answer_nothing(c, 303);
}

void login(struct call *c)
{
    if (strcmp(http_method(c->x), "HEAD") == 0) { /* who only looks at a link does not use it up */
        answer_nothing(c, 200);
        return;
    }
    login_use(c->api->service->db, c->api->service->settings->jwt_secret, call_param(c, "code"), on_used, c);
}

void logout(struct call *c)
{
    set_cookie(c, "", 0);
    answer_nothing(c, 204);
}
