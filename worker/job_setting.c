#include "common/base/clk.h"
#include "worker/fate.h"
#include "worker/job_private.h"

/* What a wrong setting of ours keeps from being done; /readyz says so. */

static int read_token(const struct job_context *x, const char *token_enc, struct secret **out, struct err *e)
{
    const struct secret *env = x->service->settings->meta_access_token;
    if (token_enc == NULL) {
        if (env == NULL)
            return err_set(e, ERR_SETTING, "META_ACCESS_TOKEN is not set, and this connection has no token of its own");
        *out = secret_new(secret_reveal(env), secret_len(env));
        return 0;
    }
    if (x->fernet == NULL)
        return err_set(e, ERR_CRYPTO, "TOKEN_ENCRYPTION_KEY is not set, and this connection's token is encrypted");
    return fernet_open(x->fernet, token_enc, out, NULL, e);
}

int job_token_open(struct job_context *x, const char *token_enc, struct secret **out, struct err *e)
{
    *out = NULL;
    int rc = read_token(x, token_enc, out, e);
    if (rc != ERR_CRYPTO && rc != ERR_SETTING) /* well, or it passes */
        return rc;
    x->service->not_ready = rc == ERR_CRYPTO ? "no key of TOKEN_ENCRYPTION_KEY opens a connection's token"
                                             : "META_ACCESS_TOKEN is not set, and a connection needs it";
    x->not_ready_at_ms = clk_mono_ms();
    return rc;
}

bool job_is_refused(const struct job *j)
{
    return clk_mono_ms() < j->x->refused_until_ms;
}

void job_note_refusal(struct job *j, const struct err *e)
{
    struct job_context *x = j->x;
    (void)err_copy(&x->refusal, e);
    (void)err_wrap(&x->refusal, "META_API_VERSION");
    x->refused_until_ms = clk_mono_ms() + fate_of(e->rc, 0).delay_ms;
    x->service->not_ready = "Meta refuses META_API_VERSION";
    x->not_ready_at_ms = clk_mono_ms();
}
