#include "common/base/mem.h"
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
    struct removing *f = mem_new(1, sizeof *f);
    *f = (struct removing){.op = op, .workspace = workspace};
    return f;
}

void connection_delete(struct db_pool *p, const char *id, bool keep_data, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "connection", id, done, arg);
    struct tx *t = tx_new(p);
    const char *connection = account_op_id(op);
    account_add_cancel(t, connection);
    if (keep_data) {
        op->answer = TX_ADD(t, "connection_disconnect", connection);
        account_op_run(op, t);
        return;
    }
    op->answer =
        tx_add(t, "UPDATE connections SET deleted_at = coalesce(deleted_at, now()) WHERE id = $1::uuid RETURNING id",
               TX_PARAMS(connection));
    tx_run(t, on_hidden, removing_new(op, false));
}

void workspace_delete(struct db_pool *p, const char *id, account_done done, void *arg)
{
    struct account_op *op = account_op_new(p, "workspace", id, done, arg);
    struct tx *t = tx_new(p);
    const char *workspace = account_op_id(op);
    (void)TX_ADD(t, "workspace_chunks_lock", workspace);
    (void)TX_ADD(t, "workspace_cancel", workspace);
    (void)tx_add(t, "UPDATE connections SET deleted_at = coalesce(deleted_at, now()) WHERE workspace_id = $1::uuid",
                 TX_PARAMS(workspace));
    op->answer = tx_add(t, "SELECT id FROM workspaces WHERE id = $1::uuid", TX_PARAMS(workspace));
    tx_run(t, on_hidden, removing_new(op, true));
}
