#include "common/remote/token_call.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/remote/remote_call.h"
#include <stdlib.h>
#include <string.h>

struct asking {
    const struct provider *provider;
    const char *code, *redirect_uri; /* of a login */
    const struct secret *token;      /* the one asked about */
    struct secret *app;              /* the app's own, to ask with */
    struct granted granted;
    struct token_info info;
    token_granted given;
    void (*inspected)(void *arg, int rc, const struct token_info *info, const struct err *e);
    void *arg;
};

static struct asking *asking_new(const struct provider *provider, void *arg)
{
    struct asking *q = calloc(1, sizeof *q);

    CHECK(q != NULL);
    q->provider = provider;
    q->arg = arg;
    return q;
}

static void end_grant(void *arg, int rc, const struct err *e)
{
    struct asking *q = arg;

    q->given(q->arg, rc, rc == 0 ? &q->granted : NULL, e);
    secret_free(q->granted.token);
    free(q);
}

static void read_grant(void *arg, const struct provider_config *c, const char *cursor, const struct http_answer *a,
                       struct buf *next, struct verdict *v)
{
    struct asking *q = arg;

    (void)c, (void)cursor, (void)next;
    q->provider->grant_read(a, &q->granted.token, &q->granted.lifetime_s, v);
    if (a->body.len > 0)
        explicit_bzero(a->body.data, a->body.len);
}

static int request_code(void *arg, const struct provider_config *c, const char *cursor, struct http_request *out,
                        struct err *e)
{
    const struct asking *q = arg;

    (void)cursor;
    return q->provider->code_request(c, q->code, q->redirect_uri, out, e);
}

void token_from_code(struct remote *r, const struct provider *provider, const char *code, const char *redirect_uri,
                     token_granted done, void *arg)
{
    static const struct question question = {request_code, read_grant, end_grant};
    struct asking *q = asking_new(provider, arg);

    q->code = code;
    q->redirect_uri = redirect_uri;
    q->given = done;
    (void)remote_ask(r, provider, "", "the login", &question, q);
}

static int request_extension(void *arg, const struct provider_config *c, const char *cursor, struct http_request *out,
                             struct err *e)
{
    const struct asking *q = arg;

    (void)cursor;
    return q->provider->extend_request(c, q->token, out, e);
}

void token_extend(struct remote *r, const struct provider *provider, const struct secret *token, token_granted done,
                  void *arg)
{
    static const struct question question = {request_extension, read_grant, end_grant};
    struct asking *q = asking_new(provider, arg);

    q->token = token;
    q->given = done;
    (void)remote_ask(r, provider, "", "a longer life for the token", &question, q);
}

static int request_inspection(void *arg, const struct provider_config *c, const char *cursor, struct http_request *out,
                              struct err *e)
{
    struct asking *q = arg;
    char *text;

    (void)cursor;
    if (c->app_id == NULL || c->app_secret == NULL)
        return err_set(e, ERR_SETTING, "META_APP_ID and META_APP_SECRET are needed to ask about a token");
    if (q->app == NULL) {
        text = str_printf("%s|%s", c->app_id, secret_reveal(c->app_secret));
        q->app = secret_new(text, strlen(text));
        explicit_bzero(text, strlen(text));
        free(text);
    }
    return q->provider->inspect_request(c, q->token, q->app, out, e);
}

static void read_inspection(void *arg, const struct provider_config *c, const char *cursor, const struct http_answer *a,
                            struct buf *next, struct verdict *v)
{
    struct asking *q = arg;

    (void)c, (void)cursor, (void)next;
    q->provider->inspect_read(a, &q->info, v);
}

static void end_inspection(void *arg, int rc, const struct err *e)
{
    struct asking *q = arg;

    q->inspected(q->arg, rc, rc == 0 ? &q->info : NULL, e);
    token_info_clear(&q->info);
    secret_free(q->app);
    free(q);
}

void token_inspect(struct remote *r, const struct provider *provider, const struct secret *token,
                   void (*done)(void *arg, int rc, const struct token_info *info, const struct err *e), void *arg)
{
    static const struct question question = {request_inspection, read_inspection, end_inspection};
    struct asking *q = asking_new(provider, arg);

    q->token = token;
    q->inspected = done;
    (void)remote_ask(r, provider, "", "the token", &question, q);
}
