#pragma once
#include "common/store/account.h"
#include "common/store/tx.h"
/* What account*.c and token.c share: one transaction that answers with a row's id. */
struct account_op {
    struct db_pool *pool;
    char id[UUID_TEXT]; /* of the row, or what was given for one */
    const char *what;   /* "connection", for the message when no row answers */
    int answer;         /* the step whose first column is the row's id; no row: not found */
    struct err refused; /* rc not 0: this, whatever the database says */
    account_done done;
    void *arg;
};
struct account_op *account_op_new(struct db_pool *p, const char *what, const char *id, account_done done, void *arg);
/* $1 connection, $2 status, $3 reason or null. One without a token that is to be active is ERR_CONFLICT. */
#define SQL_STATUS_SET "SELECT id FROM connection_status_set($1::uuid, $2, $3) AS id WHERE id IS NOT NULL"
/* What was said of a token, as parameters; NULL when nothing was. */
const char *token_add_expiry(struct tx *t, const struct token_said *said);
const char *token_add_scopes(struct tx *t, const struct token_said *said);
/* The id as a parameter; NULL for what is no UUID, so that no row answers. */
const char *account_op_id(const struct account_op *op);
void account_op_run(struct account_op *op, struct tx *t);
void account_op_end(struct account_op *op, int rc, const struct err *e);
/* Ends the open work of a connection as cancelled: chunks, runs, staged pages. */
void account_add_cancel(struct tx *t, const char *connection_id);
