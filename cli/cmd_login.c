#include "cli/commands.h"
#include "cli/session.h"
#include "common/base/clk.h"
#include "common/base/jwt.h"
#include "common/base/str.h"
#include "common/store/login.h"
#include <stdio.h>
#include <string.h>

enum { DAY_SECONDS = 86400, DAYS_DEFAULT = 30, DAYS_MAX = 3650, TOKEN_BYTES_MAX = 4096 };

/* Whom a token or a link is for, as the options say. */
struct grantee {
    const char *workspace;
    enum role role;
};

static int check_role(const struct args *a, struct grantee *g, struct err *e)
{
    const char *role = args_option(a, "--role");

    g->role = ROLE_VIEWER;
    if (role != NULL && !role_from_name(role, &g->role))
        return err_set(e, ERR_USAGE, "--role is %s; it must be viewer, admin, service or operator", role);
    if (strcmp(g->workspace, "*") == 0 && g->role != ROLE_SERVICE && g->role != ROLE_OPERATOR)
        return err_set(e, ERR_USAGE, "--workspace * is for the roles service and operator");
    return 0;
}

static int need_secret(struct session *s, unsigned needs, struct err *e)
{
    int rc = session_need(s, needs, e);
    if (rc == 0 && s->settings.jwt_secret == NULL)
        rc = err_set(e, ERR_SETTING, "JWT_SECRET is not set; it must be the one of metricx-api");
    return rc;
}

int cmd_jwt(struct session *s, const struct args *a, struct err *e)
{
    struct grantee g = {.workspace = args_option(a, "--workspace")};
    const char *days_text = args_option(a, "--days");
    int64_t days = DAYS_DEFAULT;
    struct buf claims, token;

    if (strcmp(g.workspace, "*") != 0 && !uuid_valid(g.workspace))
        return err_set(e, ERR_USAGE, "--workspace is %s; it must be the id of a workspace, or *", g.workspace);
    if (days_text != NULL && !str_to_i64(days_text, 1, DAYS_MAX, &days))
        return err_set(e, ERR_USAGE, "--days is %s; it must be a number from 1 to %d", days_text, DAYS_MAX);
    int rc = check_role(a, &g, e);
    if (rc == 0)
        rc = need_secret(s, NEED_SETTINGS, e);
    if (rc != 0)
        return rc;
    buf_init(&claims, TOKEN_BYTES_MAX);
    buf_init(&token, TOKEN_BYTES_MAX);
    claims_write(&claims, "metricx jwt", g.workspace, g.role, clk_wall_ms() / 1000 + days * DAY_SECONDS);
    jwt_sign(s->settings.jwt_secret, buf_str(&claims), &token);
    (void)puts(buf_str(&token));
    buf_free(&claims);
    buf_free(&token);
    return 0;
}

struct making {
    struct answer answer;
    char code[LOGIN_CODE_TEXT];
};

static void on_made(void *arg, int rc, const char *code, const struct err *e)
{
    struct making *m = arg;
    if (rc == 0)
        (void)str_copy(m->code, sizeof m->code, code);
    answer_is(&m->answer, rc, e);
}

int cmd_login(struct session *s, const struct args *a, struct err *e)
{
    const bool whole = args_option(a, "--operator") != NULL;
    struct grantee g = {.workspace = whole ? "*" : args_option(a, "--workspace"), .role = ROLE_OPERATOR};
    struct making m = {0};
    int rc = 0;

    if (whole && (args_option(a, "--workspace") != NULL || args_option(a, "--role") != NULL))
        return err_set(e, ERR_USAGE, "login: --operator stands alone, without --workspace and --role");
    if (g.workspace == NULL)
        return err_set(e, ERR_USAGE, "login: give --workspace ID, or --operator");
    if (!whole)
        rc = check_role(a, &g, e);
    if (rc == 0)
        rc = need_secret(s, NEED_SCHEMA, e);
    if (rc != 0)
        return rc;
    login_make(s->db, s->settings.jwt_secret, g.workspace, g.role, on_made, &m);
    rc = answer_wait(s, &m.answer, e);
    if (rc == 0)
        printf("%s/auth/login?code=%s\n", s->settings.public_url, m.code);
    return rc;
}
