#include "cli/account_setup.h"
#include "common/base/str.h"
#include "common/store/account.h"
#include "common/store/budget.h"
#include <stdlib.h>

int setup_provider(const char *name, const struct provider **out, struct err *e)
{
    *out = provider_find(name);
    return *out ? 0 : err_set(e, ERR_USAGE, "--provider: '%s' is not known; known is meta", name);
}

void setup_account_clear(struct setup_account *a)
{
    free(a->name);
    *a = (struct setup_account){0};
}

struct checking {
    struct answer answer;
    struct setup_account *out;
};

static void on_account(void *arg, int rc, const struct account_info *info, const struct err *e)
{
    struct checking *c = arg;
    if (rc == 0) {
        (void)str_copy(c->out->account, sizeof c->out->account, info->account);
        (void)str_copy(c->out->currency, sizeof c->out->currency, info->currency);
        (void)str_copy(c->out->timezone, sizeof c->out->timezone, info->timezone);
        c->out->name = str_dup(info->name);
        c->out->closed = info->closed;
    }
    answer_is(&c->answer, rc, e);
}

int setup_check_account(struct session *s, const struct provider *p, const char *account, const struct secret *token,
                        struct setup_account *out, struct err *e)
{
    *out = (struct setup_account){0};
    struct checking c = {.out = out};
    (void)account_check(&s->remote, p, account, token, on_account, &c);
    return answer_wait(s, &c.answer, e);
}

struct opening {
    struct answer answer;
    const struct fernet *fernet;
    struct setup_token *out;
};

static void on_token(void *arg, int rc, const struct token_row *row, const struct err *e)
{
    struct opening *o = arg;
    struct err problem = {0};
    if (rc == 0) {
        (void)str_copy(o->out->id, sizeof o->out->id, row->id);
        (void)str_copy(o->out->workspace_id, sizeof o->out->workspace_id, row->workspace_id);
        (void)str_copy(o->out->provider, sizeof o->out->provider, row->provider);
        rc = fernet_open(o->fernet, row->token_enc, &o->out->secret, NULL, &problem);
        if (rc < 0)
            (void)err_wrap(&problem, "token %s", row->id);
        e = &problem;
    }
    answer_is(&o->answer, rc, e);
}

int setup_open_token(struct session *s, const char *id, struct setup_token *out, struct err *e)
{
    *out = (struct setup_token){0};
    struct opening o = {.fernet = s->fernet, .out = out};
    token_load(s->db, id, on_token, &o);
    return answer_wait(s, &o.answer, e);
}

int setup_store_token(struct session *s, const char *workspace_id, const char *provider, const struct secret *token,
                      char id[UUID_TEXT], struct err *e)
{
    char *sealed = NULL;
    int rc = fernet_seal(s->fernet, token, &sealed, e);
    if (rc < 0)
        return rc;
    struct answer added = {0};
    token_add(s->db, workspace_id, provider, sealed, answer_id, &added);
    rc = answer_wait(s, &added, e);
    (void)str_copy(id, UUID_TEXT, added.id);
    free(sealed);
    return rc;
}
