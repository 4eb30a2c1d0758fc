#include "common/store/account.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/account_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>
#include <string.h>

/* Workspaces and connections. Their settings are in account_settings.c, deleting in account_delete.c, tokens in
 * token.c. */

/* ---- one transaction that answers with an id ---- */

struct account_op *account_op_new(struct db_pool *p, const char *what, const char *id, account_done done, void *arg)
{
    struct account_op *op = calloc(1, sizeof *op);
    CHECK(op != NULL);
    op->pool = p;
    op->what = what;
    op->done = done;
    op->arg = arg;
    (void)str_copy(op->id, sizeof op->id, id == NULL ? "" : id);
    return op;
}

const char *account_op_id(const struct account_op *op)
{
    return uuid_valid(op->id) ? op->id : NULL;
}

void account_op_end(struct account_op *op, int rc, const struct err *e)
{
    op->done(op->arg, rc, rc == 0 ? op->id : NULL, rc == 0 ? NULL : e);
    free(op);
}

static void on_op(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct account_op *op = arg;
    struct err why = {0};
    if (rc != 0)
        (void)err_copy(&why, e);
    else if (op->refused.rc != 0)
        rc = err_copy(&why, &op->refused);
    else if (db_rows(r, op->answer) == 0)
        rc = err_set(&why, ERR_NOT_FOUND, "there is no %s %s", op->what, op->id);
    else
        (void)str_copy(op->id, sizeof op->id, db_text(r, op->answer, 0, 0));
    account_op_end(op, rc, &why);
}

void account_op_run(struct account_op *op, struct tx *t)
{
    tx_run(t, on_op, op);
}

void account_add_cancel(struct tx *t, const char *connection_id)
{
    (void)TX_ADD(t, "connection_chunks_lock", connection_id);
    (void)tx_add(t,
                 "UPDATE sync_runs SET status = 'cancelled', finished_at = now()"
                 " WHERE connection_id = $1::uuid AND status IN ('queued', 'running')",
                 TX_PARAMS(connection_id));
    (void)TX_ADD(t, "connection_chunks_cancel", connection_id);
}

/* ---- workspaces ---- */

static bool blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

void workspace_create(struct db_pool *p, const char *name, const char *id, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "workspace", id, done, arg);
    struct tx *t = tx_new(p);
    if (id == NULL)
        uuid_make(op->id);
    if (blank(name))
        (void)err_set(&op->refused, ERR_INPUT, "name: must not be empty");
    else if (id != NULL && !uuid_valid(id))
        (void)err_set(&op->refused, ERR_INPUT, "id: \"%s\" is not a UUID", id);
    if (op->refused.rc == 0)
        (void)tx_add(t, "INSERT INTO workspaces (id, name) VALUES ($1::uuid, $2) ON CONFLICT (id) DO NOTHING",
                     TX_PARAMS(op->id, name));
    op->answer =
        tx_add(t, "SELECT id FROM workspaces WHERE id = $1::uuid AND deleted_at IS NULL", TX_PARAMS(account_op_id(op)));
    account_op_run(op, t);
}

void workspace_rename(struct db_pool *p, const char *id, const char *name, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "workspace", id, done, arg);
    struct tx *t = tx_new(p);
    const bool bad = blank(name);
    if (bad)
        (void)err_set(&op->refused, ERR_INPUT, "name: must not be empty");
    op->answer = tx_add(t, "UPDATE workspaces SET name = $2 WHERE id = $1::uuid AND deleted_at IS NULL RETURNING id",
                        TX_PARAMS(bad ? NULL : account_op_id(op), name));
    account_op_run(op, t);
}

/* ---- connections ---- */

void connection_create(struct db_pool *p, const struct connection_row *c, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "workspace or token", c->workspace_id, done, arg);
    struct tx *t = tx_new(p);
    const bool bad_token = c->token_id != NULL && !uuid_valid(c->token_id);
    (void)tx_add(t, "SELECT connection_not_leaving($1::uuid, $2, $3)",
                 TX_PARAMS(account_op_id(op), c->provider, c->account));
    op->answer = TX_ADD(t, "connection_create", bad_token ? NULL : account_op_id(op), c->provider, c->account, c->name,
                        c->currency, c->timezone, bad_token ? NULL : c->token_id, c->token_source);
    account_op_run(op, t);
}

void connection_set_status(struct db_pool *p, const char *id, const char *status, const char *reason, account_done done,
                           void *arg)
{
    struct account_op *op = account_op_new(p, "connection", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer = tx_add(t, SQL_STATUS_SET, TX_PARAMS(account_op_id(op), status, reason));
    account_op_run(op, t);
}

void connection_set_token(struct db_pool *p, const char *id, const char *token_id, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "connection, or no such token in its workspace:", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer = TX_ADD(t, "connection_set_token", account_op_id(op), uuid_valid(token_id) ? token_id : NULL);
    account_op_run(op, t);
}

/* ---- what a call needs ---- */

struct loading {
    char id[UUID_TEXT];
    void (*done)(void *arg, int rc, const struct connection_access *a, const struct err *e);
    void *arg;
};

static void on_access(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct loading *l = arg;
    struct connection_access a = {0};
    struct err why = {0};
    if (rc != 0) {
        (void)err_copy(&why, e);
    } else if (db_rows(r, 0) == 0) {
        rc = err_set(&why, ERR_NOT_FOUND, "there is no connection %s", l->id);
    } else {
        (void)str_copy(a.id, sizeof a.id, db_text(r, 0, 0, 0));
        (void)str_copy(a.workspace_id, sizeof a.workspace_id, db_text(r, 0, 0, 1));
        (void)str_copy(a.token_id, sizeof a.token_id, db_text(r, 0, 0, 2));
        (void)str_copy(a.provider, sizeof a.provider, db_text(r, 0, 0, 3));
        (void)str_copy(a.account, sizeof a.account, db_text(r, 0, 0, 4));
        (void)str_copy(a.status, sizeof a.status, db_text(r, 0, 0, 5));
        a.token_enc = db_is_null(r, 0, 0, 7) ? NULL : str_dup(db_text(r, 0, 0, 7));
        if (a.token_enc == NULL && strcmp(db_text(r, 0, 0, 6), "env") != 0)
            rc = err_set(&why, ERR_CONFLICT, "connection %s has no token", l->id);
    }
    l->done(l->arg, rc, rc == 0 ? &a : NULL, rc == 0 ? NULL : &why);
    free(a.token_enc);
    free(l);
}

void connection_access_load(struct db_pool *p, const char *id,
                            void (*done)(void *arg, int rc, const struct connection_access *a, const struct err *e),
                            void *arg)
{
    struct loading *l = calloc(1, sizeof *l);
    struct tx *t = tx_new(p);
    CHECK(l != NULL);
    l->done = done;
    l->arg = arg;
    (void)str_copy(l->id, sizeof l->id, id);
    (void)TX_ADD(t, "connection_access", uuid_valid(id) ? id : NULL);
    tx_run(t, on_access, l);
}
