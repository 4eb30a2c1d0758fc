#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/account_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

/* Deleting hides at once and removes in batches, facts first: no statement touches more than DELETE_BATCH rows. */
enum { DELETE_BATCH = 10000 };

/* What belongs to a connection, in the order in which it goes. */
static const char *const parts[] = {"delete_facts",    "delete_facts_hourly", "delete_restatements",
                                    "delete_entities", "delete_account_days", "delete_chunks",
                                    "delete_runs"};
enum { PARTS = sizeof parts / sizeof parts[0] };

struct removing {
    struct account_op *op;
    bool workspace; /* all connections of it, then itself */
    size_t part;
};

static void remove_part(struct removing *f);

static void on_last(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct removing *f = arg;
    (void)r;
    account_op_end(f->op, rc, e);
    free(f);
}

static void on_part(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct removing *f = arg;
    if (rc != 0) {
        account_op_end(f->op, rc, e);
        free(f);
        return;
    }
    if (db_affected(r, 0) < DELETE_BATCH)
        f->part++;
    remove_part(f);
}

static void remove_part(struct removing *f)
{
    struct tx *t = tx_new(f->op->pool);
    const char *connection = f->workspace ? NULL : f->op->id, *workspace = f->workspace ? f->op->id : NULL;
    if (f->part < PARTS) {
        (void)TX_ADD(t, parts[f->part], connection, workspace, tx_int(t, DELETE_BATCH));
        tx_run(t, on_part, f);
        return;
    }
    (void)TX_ADD(t, "delete_connections", connection, workspace);
    if (f->workspace)
        (void)tx_add(t, "DELETE FROM workspaces WHERE id = $1::uuid", TX_PARAMS(workspace));
    tx_run(t, on_last, f);
}

static void on_hidden(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct removing *f = arg;
    struct err why = {0};
    if (rc != 0)
        (void)err_copy(&why, e);
    else if (db_rows(r, f->op->answer) == 0)
        rc = err_set(&why, ERR_NOT_FOUND, "there is no %s %s", f->op->what, f->op->id);
    if (rc == 0) {
        remove_part(f);
        return;
    }
    account_op_end(f->op, rc, &why);
    free(f);
}

static struct removing *removing_new(struct account_op *op, bool workspace)
{
    struct removing *f = calloc(1, sizeof *f);
    CHECK(f != NULL);
    *f = (struct removing){.op = op, .workspace = workspace};
    return f;
}

/* Its work ends, and nobody sees it any more. Returns the step that answers with its id. */
static int add_hide_connection(struct tx *t, const char *connection)
{
    account_add_cancel(t, connection);
    return tx_add(t, "UPDATE connections SET deleted_at = coalesce(deleted_at, now()) WHERE id = $1::uuid RETURNING id",
                  TX_PARAMS(connection));
}

static int add_hide_workspace(struct tx *t, const char *workspace)
{
    (void)TX_ADD(t, "workspace_chunks_lock", workspace);
    (void)TX_ADD(t, "workspace_cancel", workspace);
    (void)tx_add(t, "UPDATE connections SET deleted_at = coalesce(deleted_at, now()) WHERE workspace_id = $1::uuid",
                 TX_PARAMS(workspace));
    return tx_add(t, "UPDATE workspaces SET deleted_at = coalesce(deleted_at, now()) WHERE id = $1::uuid RETURNING id",
                  TX_PARAMS(workspace));
}

void connection_disconnect(struct db_pool *p, const char *id, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "connection", id, done, arg);
    struct tx *t = tx_new(p);
    const char *connection = account_op_id(op);
    account_add_cancel(t, connection);
    op->answer = TX_ADD(t, "connection_disconnect", connection);
    account_op_run(op, t);
}

void connection_hide(struct db_pool *p, const char *id, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "connection", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer = add_hide_connection(t, account_op_id(op));
    account_op_run(op, t);
}

void workspace_hide(struct db_pool *p, const char *id, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "workspace", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer = add_hide_workspace(t, account_op_id(op));
    account_op_run(op, t);
}

void connection_delete(struct db_pool *p, const char *id, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "connection", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer = add_hide_connection(t, account_op_id(op));
    tx_run(t, on_hidden, removing_new(op, false));
}

void workspace_delete(struct db_pool *p, const char *id, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "workspace", id, done, arg);
    struct tx *t = tx_new(p);
    op->answer = add_hide_workspace(t, account_op_id(op));
    tx_run(t, on_hidden, removing_new(op, true));
}

/* ---- what somebody else has hidden ---- */

struct sweeping {
    struct db_pool *pool;
    char id[UUID_TEXT]; /* the connection that goes */
    size_t part;
    void (*done)(void *arg, int rc, bool more, const struct err *e);
    void *arg;
};

static void sweep_end(struct sweeping *f, int rc, bool more, const struct err *e)
{
    f->done(f->arg, rc, more, rc == 0 ? NULL : e);
    free(f);
}

static void sweep_part(struct sweeping *f);

static void on_swept(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct sweeping *f = arg;
    const bool full = rc == 0 && db_affected(r, 0) == DELETE_BATCH;
    if (rc != 0 || full || f->part++ == PARTS)
        sweep_end(f, rc, true, e);
    else
        sweep_part(f);
}

static void sweep_part(struct sweeping *f)
{
    struct tx *t = tx_new(f->pool);
    if (f->part < PARTS)
        (void)TX_ADD(t, parts[f->part], f->id, NULL, tx_int(t, DELETE_BATCH));
    else
        (void)TX_ADD(t, "delete_connections", f->id, NULL);
    tx_run(t, on_swept, f);
}

static void on_found(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct sweeping *f = arg;
    if (rc != 0 || db_rows(r, 1) == 0) {
        sweep_end(f, rc, false, e);
        return;
    }
    (void)str_copy(f->id, sizeof f->id, db_text(r, 1, 0, 0));
    sweep_part(f);
}

void hidden_remove(struct db_pool *p, void (*done)(void *arg, int rc, bool more, const struct err *e), void *arg)
{
    struct sweeping *f = calloc(1, sizeof *f);
    struct tx *t = tx_new(p);
    CHECK(f != NULL);
    *f = (struct sweeping){.pool = p, .done = done, .arg = arg};
    (void)tx_add(t,
                 "DELETE FROM workspaces w WHERE w.deleted_at IS NOT NULL"
                 " AND NOT EXISTS (SELECT 1 FROM connections k WHERE k.workspace_id = w.id)",
                 NULL, 0);
    (void)tx_add(t, "SELECT id FROM connections WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT 1", NULL, 0);
    tx_run(t, on_found, f);
}
