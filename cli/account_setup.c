#include "cli/account_setup.h"
#include "cli/token_input.h"
#include "common/base/str.h"
#include "common/store/account.h"

int setup_provider(const char *name, const struct provider **out, struct err *e)
{
    *out = provider_find(name);
    return *out ? 0 : err_set(e, ERR_USAGE, "--provider: '%s' is not known; known is meta", name);
}

struct opening {
    struct answer answer;
    struct setup_token *out;
};

static void on_token(void *arg, int rc, const struct token_row *row, struct secret *plain, const struct err *e)
{
    struct opening *o = arg;
    if (rc == 0) {
        (void)str_copy(o->out->id, sizeof o->out->id, row->id);
        (void)str_copy(o->out->workspace_id, sizeof o->out->workspace_id, row->workspace_id);
        (void)str_copy(o->out->provider, sizeof o->out->provider, row->provider);
        o->out->secret = plain;
    }
    answer_is(&o->answer, rc, e);
}

int setup_open_token(struct session *s, const char *id, struct setup_token *out, struct err *e)
{
    *out = (struct setup_token){0};
    struct opening o = {.out = out};
    token_open(s->db, s->fernet, id, on_token, &o);
    return answer_wait(s, &o.answer, e);
}

int setup_read_token(struct session *s, struct secret **token, char **sealed, struct err *e)
{
    int rc = token_input(token, e);
    return rc < 0 ? rc : fernet_seal(s->fernet, *token, sealed, e);
}
