#include "api/tokens_routes.h"
#include "api/answer.h"
#include "api/answer_row.h"
#include "api/token_check.h"
#include "common/base/fernet.h"
#include "common/base/mem.h"
#include "common/remote/connect.h"
#include "common/store/page.h"
#include <jansson.h>
#include <stdlib.h>

static void on_page(void *arg, int rc, const char *const *rows, int count, const char *next, const struct err *e)
{
    if (rc != 0)
        answer_err(arg, e);
    else
        answer_items(arg, rows, count, next);
}

void tokens_list(struct call *c)
{
    const char *const params[] = {c->ws};
    page_read(c->db, "page_tokens", params, 1, call_param(c, "cursor"), (int)call_param_int(c, "limit", PAGE_ROWS_MAX),
              on_page, c);
}

/* The body's token as Fernet text, the caller's; NULL: the call is answered. */
static char *sealed_token(struct call *c)
{
    const json_t *given = json_object_get(c->body, "access_token");
    struct field_errors errors = {NULL};
    struct secret *token = NULL;
    char *sealed = NULL;
    struct err e;

    if (secret_word(json_string_value(given), json_string_length(given), &token, &e) != 0) {
        field_error(&errors, "access_token", NULL, "%s", e.text);
        answer_fields(c, 422, &errors);
        return NULL;
    }
    if (fernet_seal(c->api->keys, token, &sealed, &e) != 0)
        answer_err(c, &e);
    secret_free(token);
    return sealed;
}

static void on_stored(void *arg, int rc, const char *id, const struct err *e)
{
    struct call *c = arg;

    if (rc != 0)
        answer_err(c, e);
    else
        answer_row(c, c->db, c->route->status, LIST_TOKEN, id, "token");
}

void tokens_add(struct call *c)
{
    const char *provider = json_string_value(json_object_get(c->body, "provider"));
    char *sealed = sealed_token(c);

    if (sealed != NULL)
        token_add(c->db, c->ws, provider != NULL ? provider : "meta", sealed, NULL, on_stored, c);
    free(sealed);
}

void tokens_replace(struct call *c)
{
    char *sealed = sealed_token(c);

    if (sealed != NULL)
        token_set(c->db, c->id, sealed, NULL, on_stored, c);
    free(sealed);
}

/* --- the accounts that it may read --- */

struct choosing {
    struct call *call;
    struct opened_token *token;
};

static void on_accounts(void *arg, int rc, json_t *list, const struct err *e)
{
    struct choosing *f = arg;

    if (rc != 0)
        answer_err(f->call, e);
    else
        answer_object(f->call, 200, json_pack("{s:o, s:n}", "items", list, "next_cursor"));
    opened_token_free(f->token);
    free(f);
}

static void on_token(void *arg, struct opened_token *t, const struct err *e)
{
    struct call *c = arg;

    if (t == NULL) {
        answer_err(c, e);
        return;
    }
    struct choosing *f = mem_new(1, sizeof *f);
    *f = (struct choosing){c, t};
    connectable_accounts(&c->api->remote, c->db, c->ws, t->provider, t->plain, t->id, on_accounts, f);
}

void tokens_accounts(struct call *c)
{
    token_check(c, c->id, on_token, c);
}
