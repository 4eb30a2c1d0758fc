#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/account_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>
#include <string.h>

const char *token_add_expiry(struct tx *t, const struct token_said *said)
{
    return said == NULL ? NULL : tx_instant(t, said->expires_at_s * 1000);
}

const char *token_add_scopes(struct tx *t, const struct token_said *said)
{
    return said == NULL ? NULL : tx_array(t, said->scopes, said->scope_count);
}

void token_add(struct db_pool *p, const char *workspace_id, const char *provider, const char *token_enc,
               const struct token_said *said, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "workspace", workspace_id, done, arg);
    struct tx *t = tx_new(p);
    op->answer = TX_ADD(t, "token_add", account_op_id(op), provider, token_enc, token_add_expiry(t, said),
                        token_add_scopes(t, said));
    account_op_run(op, t);
}

void token_set(struct db_pool *p, const char *id, const char *token_enc, const struct token_said *said,
               account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "token", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer =
        TX_ADD(t, "token_set", account_op_id(op), token_enc, token_add_expiry(t, said), token_add_scopes(t, said));
    account_op_run(op, t);
}

/* ---- loading ---- */

struct loading {
    char id[UUID_TEXT];
    void (*done)(void *arg, int rc, const struct token_row *t, const struct err *e);
    void *arg;
};

static void on_load(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct loading *l = arg;
    struct token_row row = {0};
    struct err why = {0};
    if (rc != 0) {
        (void)err_copy(&why, e);
    } else if (db_rows(r, 0) == 0) {
        rc = err_set(&why, ERR_NOT_FOUND, "there is no token %s", l->id);
    } else {
        (void)str_copy(row.id, sizeof row.id, db_text(r, 0, 0, 0));
        (void)str_copy(row.workspace_id, sizeof row.workspace_id, db_text(r, 0, 0, 1));
        (void)str_copy(row.provider, sizeof row.provider, db_text(r, 0, 0, 2));
        row.token_enc = db_text(r, 0, 0, 3);
    }
    l->done(l->arg, rc, rc == 0 ? &row : NULL, rc == 0 ? NULL : &why);
    free(l);
}

void token_load(struct db_pool *p, const char *id,
                void (*done)(void *arg, int rc, const struct token_row *t, const struct err *e), void *arg)
{
    struct loading *l = calloc(1, sizeof *l);
    struct tx *t = tx_new(p);
    CHECK(l != NULL);
    l->done = done;
    l->arg = arg;
    (void)str_copy(l->id, sizeof l->id, id);
    (void)tx_add(t, "SELECT id, workspace_id, provider, access_token_enc FROM tokens WHERE id = $1::uuid",
                 TX_PARAMS(uuid_valid(id) ? id : NULL));
    tx_run(t, on_load, l);
}

struct opening {
    const struct fernet *fernet;
    void (*done)(void *arg, int rc, const struct token_row *t, struct secret *plain, const struct err *e);
    void *arg;
};

static void on_loaded(void *arg, int rc, const struct token_row *row, const struct err *e)
{
    struct opening *o = arg;
    struct secret *plain = NULL;
    struct err problem;
    if (rc == 0)
        rc = fernet_open(o->fernet, row->token_enc, &plain, NULL, &problem);
    if (rc != 0 && row != NULL) {
        (void)err_wrap(&problem, "token %s", row->id);
        e = &problem;
    }
    o->done(o->arg, rc, rc == 0 ? row : NULL, plain, rc == 0 ? NULL : e);
    free(o);
}

void token_open(struct db_pool *p, const struct fernet *f, const char *id,
                void (*done)(void *arg, int rc, const struct token_row *t, struct secret *plain, const struct err *e),
                void *arg)
{
    struct opening *o = calloc(1, sizeof *o);
    CHECK(o != NULL);
    *o = (struct opening){.fernet = f, .done = done, .arg = arg};
    token_load(p, id, on_loaded, o);
}

/* ---- rotating ---- */

enum { ROTATE_BATCH = 100 };

struct rotating {
    struct db_pool *pool;
    const struct fernet *fernet;
    bool check_only;
    char after[UUID_TEXT]; /* the last one looked at */
    int batch;
    int64_t changed, resealed; /* in all; in this batch */
    void (*done)(void *arg, int rc, int64_t changed, const struct err *e);
    void *arg;
};

static void rotate_batch(struct rotating *f);

static void rotate_end(struct rotating *f, int rc, const struct err *e)
{
    f->done(f->arg, rc, f->changed, rc == 0 ? NULL : e);
    free(f);
}

/* *fresh: the same under the first key, owned by the caller; NULL when it is so already, or there is nothing. */
static int reseal(const struct fernet *f, const char *old, char **fresh, struct err *e)
{
    struct secret *plain = NULL;
    int opened_by = 0;
    *fresh = NULL;
    if (old[0] == '\0')
        return 0;
    int rc = fernet_open(f, old, &plain, &opened_by, e);
    if (rc == 0 && opened_by != 0)
        rc = fernet_seal(f, plain, fresh, e);
    secret_free(plain);
    return rc;
}

static int rotate_row(struct rotating *f, struct tx *t, const struct db_results *r, int row, struct err *e)
{
    const char *id = db_text(r, 0, row, 0), *access = db_text(r, 0, row, 1), *refresh = db_text(r, 0, row, 2);
    char *fresh_access = NULL, *fresh_refresh = NULL;
    int rc = reseal(f->fernet, access, &fresh_access, e);
    if (rc == 0)
        rc = reseal(f->fernet, refresh, &fresh_refresh, e);
    if (rc == 0 && (fresh_access != NULL || fresh_refresh != NULL)) {
        f->resealed++;
        if (f->check_only)
            f->changed++;
        else
            (void)TX_ADD(t, "token_reseal", id, access, fresh_access, fresh_refresh);
    }
    free(fresh_access);
    free(fresh_refresh);
    return rc == 0 ? 0 : err_wrap(e, "token %s", id);
}

static void on_resealed(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct rotating *f = arg;
    for (int i = 0; rc == 0 && i < f->resealed; i++)
        f->changed += db_affected(r, i);
    if (rc != 0 || f->batch < ROTATE_BATCH)
        rotate_end(f, rc, e);
    else
        rotate_batch(f);
}

static void on_batch(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct rotating *f = arg;
    struct err why = {0};
    if (rc != 0) {
        rotate_end(f, rc, e);
        return;
    }
    struct tx *t = tx_new(f->pool);
    f->batch = db_rows(r, 0);
    f->resealed = 0;
    for (int i = 0; rc == 0 && i < f->batch; i++)
        rc = rotate_row(f, t, r, i, &why);
    if (f->batch > 0)
        (void)str_copy(f->after, sizeof f->after, db_text(r, 0, f->batch - 1, 0));
    if (rc == 0 && f->resealed > 0 && !f->check_only) {
        tx_run(t, on_resealed, f);
        return;
    }
    tx_free(t);
    if (rc != 0 || f->batch < ROTATE_BATCH)
        rotate_end(f, rc, &why);
    else
        rotate_batch(f);
}

static void rotate_batch(struct rotating *f)
{
    struct tx *t = tx_new(f->pool);
    (void)TX_ADD(t, "token_batch", f->after[0] == '\0' ? NULL : f->after, tx_int(t, ROTATE_BATCH));
    tx_run(t, on_batch, f);
}

void token_rotate(struct db_pool *p, const struct fernet *f, bool check_only,
                  void (*done)(void *arg, int rc, int64_t changed, const struct err *e), void *arg)
{
    struct rotating *o = calloc(1, sizeof *o);
    CHECK(o != NULL);
    *o = (struct rotating){.pool = p, .fernet = f, .check_only = check_only, .done = done, .arg = arg};
    rotate_batch(o);
}
