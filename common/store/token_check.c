#include "common/store/token_check.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/account_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

struct taking {
    void (*done)(void *arg, int rc, const struct token_row *t, int64_t now_s, const struct err *e);
    void *arg;
};

static void on_due(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct taking *f = arg;
    struct token_row row = {0};
    const bool found = rc == 0 && db_rows(r, 0) > 0;
    if (found) {
        (void)str_copy(row.id, sizeof row.id, db_text(r, 0, 0, 0));
        (void)str_copy(row.workspace_id, sizeof row.workspace_id, db_text(r, 0, 0, 1));
        (void)str_copy(row.provider, sizeof row.provider, db_text(r, 0, 0, 2));
        row.token_enc = db_text(r, 0, 0, 3);
    }
    f->done(f->arg, rc, found ? &row : NULL, found ? db_int(r, 0, 0, 4) : 0, e);
    free(f);
}

void token_due(struct db_pool *p, const char *provider,
               void (*done)(void *arg, int rc, const struct token_row *t, int64_t now_s, const struct err *e),
               void *arg)
{
    struct taking *f = calloc(1, sizeof *f);
    struct tx *t = tx_new(p);
    CHECK(f != NULL);
    *f = (struct taking){.done = done, .arg = arg};
    (void)TX_ADD(t, "token_due", provider);
    tx_run(t, on_due, f);
}

void token_checked(struct db_pool *p, const char *id, const char *token_enc, const struct token_said *said,
                   account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "token", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer =
        TX_ADD(t, "token_checked", account_op_id(op), token_enc, token_add_expiry(t, said), token_add_scopes(t, said));
    account_op_run(op, t);
}

void token_refused(struct db_pool *p, const char *id, const char *token_enc, const char *reason, account_done done,
                   void *arg)
{
    struct account_op *op = account_op_new(p, "token", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer = TX_ADD(t, "token_refused", account_op_id(op), token_enc, err_name(ERR_NEEDS_REAUTH), reason);
    account_op_run(op, t);
}

void token_refreshed(struct db_pool *p, const char *id, const char *token_enc, const char *fresh_enc,
                     int64_t expires_at_s, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "token", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer =
        TX_ADD(t, "token_refresh", account_op_id(op), token_enc, fresh_enc, tx_instant(t, expires_at_s * 1000));
    account_op_run(op, t);
}
