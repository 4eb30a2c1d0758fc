#include "api/oauth_routes.h"
#include "api/answer.h"
#include "api/connection_check.h"
#include "api/oauth_parts.h"
#include "api/pages/html_files.h"
#include "api/pages/js_files.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/str.h"
#include "common/provider/provider.h"
#include "common/store/oauth_state.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define COOKIE "metricx_oauth="

enum { URL_BYTES_MAX = 8192, COOKIE_BYTES_MAX = 400 };

char *oauth_redirect_uri(const struct api *a)
{
    return str_printf("%s/auth/meta/callback", a->service->settings->public_url);
}

bool oauth_session(const struct call *c, char out[OAUTH_SESSION_TEXT])
{
    for (const char *at = http_header(c->x, "Cookie"); at != NULL && *at != '\0';) {
        at += strspn(at, "; ");
        const size_t len = strcspn(at, ";");
        if (str_starts(at, COOKIE) && len - strlen(COOKIE) == OAUTH_SESSION_TEXT - 1) {
            memcpy(out, at + strlen(COOKIE), OAUTH_SESSION_TEXT - 1);
            out[OAUTH_SESSION_TEXT - 1] = '\0';
            return true;
        }
        at += len;
    }
    return false;
}

bool oauth_wants_page(const struct call *c)
{
    const char *accept = http_header(c->x, "Accept");
    return accept != NULL && strstr(accept, "text/html") != NULL;
}

void oauth_refuse(struct call *c, int status, const struct err *e)
{
    if (oauth_wants_page(c))
        answer_words(c, status, "Not connected", e);
    else
        answer_problem(c, status, e);
}

/* --- there --- */

struct leaving {
    struct call *call;
    struct buf url;
};

static void on_begun(void *arg, int rc, const struct err *e)
{
    struct leaving *f = arg;

    if (rc != 0) {
        answer_err(f->call, e);
    } else {
        http_reply_header(f->call->x, "Location", buf_str(&f->url));
        answer_nothing(f->call, 302);
    }
    buf_free(&f->url);
    free(f);
}

/* The browser's own session goes on: several logins may be under way in it. */
static void set_session(struct call *c, char session[OAUTH_SESSION_TEXT])
{
    struct buf cookie;

    if (!oauth_session(c, session))
        oauth_session_make(session);
    buf_init(&cookie, COOKIE_BYTES_MAX);
    buf_addf(&cookie, COOKIE "%s; Path=/auth/meta; Max-Age=%d; HttpOnly; SameSite=Lax%s", session, OAUTH_STATE_SECONDS,
             str_starts(c->api->service->settings->public_url, "https:") ? "; Secure" : "");
    http_reply_header(c->x, "Set-Cookie", buf_str(&cookie));
    buf_free(&cookie);
}

static int write_url(const struct call *c, const char *state, struct buf *url, struct err *e)
{
    char *redirect = oauth_redirect_uri(c->api);
    const int rc = provider_find("meta")->login_url(&c->api->remote.config, redirect, state, true, url, e);

    free(redirect);
    return rc;
}

static void leave(struct call *c, const json_t *connection)
{
    const struct secret *key = c->api->service->settings->jwt_secret;
    const char *id = call_param(c, "connection_id");
    struct oauth_state state = {.connection = ""};
    struct leaving *f = calloc(1, sizeof *f);
    char session[OAUTH_SESSION_TEXT];
    struct buf text;
    struct err e;

    CHECK(f != NULL);
    (void)connection;
    f->call = c;
    buf_init(&f->url, URL_BYTES_MAX);
    buf_init(&text, URL_BYTES_MAX);
    uuid_make(state.id);
    (void)str_copy(state.workspace, sizeof state.workspace, c->ws);
    (void)str_copy(state.connection, sizeof state.connection, id != NULL ? id : "");
    set_session(c, session);
    oauth_state_write(key, &state, session, clk_wall_ms() / 1000, &text);
    if (write_url(c, buf_str(&text), &f->url, &e) != 0) {
        buf_free(&f->url);
        free(f);
        oauth_refuse(c, 503, &e);
    } else {
        oauth_state_begin(c->db, key, c->ws, state.id, OAUTH_STATE_SECONDS, on_begun, f);
    }
    buf_free(&text);
}

void oauth_authorize(struct call *c)
{
    const char *id = call_param(c, "connection_id");

    if (id != NULL)
        connection_check(c, id, leave);
    else
        leave(c, NULL);
}

/* --- the choice --- */

static const char *file_text(const struct embedded_file *files, const char *name)
{
    for (; files->name != NULL; files++)
        if (strcmp(files->name, name) == 0)
            return files->text;
    CHECK(!"a page");
}

void oauth_choose(struct call *c)
{
    answer_html(c, 200, file_text(html_files, "choose.html"), NULL);
}

void oauth_choose_script(struct call *c)
{
    answer_script(c, file_text(js_files, "choose.js"));
}
