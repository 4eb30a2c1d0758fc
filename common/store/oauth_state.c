#include "common/store/oauth_state.h"
#include "common/base/check.h"
#include "common/store/tx.h"
#include <stdlib.h>
#include <string.h>

struct state_op {
    bool uses;
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void on_state(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct state_op *op = arg;
    struct err gone;

    if (rc == 0 && op->uses && db_rows(r, 0) == 0) {
        rc = err_set(&gone, ERR_CONFLICT, "this login was used already, or is older than ten minutes; begin it again");
        e = &gone;
    }
    op->done(op->arg, rc, rc == 0 ? NULL : e);
    free(op);
}

static struct state_op *state_op_new(bool uses, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct state_op *op = calloc(1, sizeof *op);

    CHECK(op != NULL);
    *op = (struct state_op){uses, done, arg};
    return op;
}

static void hash_id(const struct secret *key, const char *id, char out[65])
{
    struct secret *text = secret_new(id, strlen(id));

    secret_hmac_hex(key, text, out);
    secret_free(text);
}

void oauth_state_begin(struct db_pool *p, const struct secret *key, const char *workspace, const char *id,
                       int64_t seconds, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = tx_new(p);
    char hash[65];

    hash_id(key, id, hash);
    (void)tx_add(t,
                 "INSERT INTO oauth_states (hash, workspace_id, expires_at)"
                 " VALUES ($1, $2::uuid, now() + make_interval(secs => $3::int))",
                 TX_PARAMS(hash, workspace, tx_int(t, seconds)));
    (void)tx_add(t, "DELETE FROM oauth_states WHERE expires_at < now()", NULL, 0);
    tx_run(t, on_state, state_op_new(false, done, arg));
}

void oauth_state_use(struct db_pool *p, const struct secret *key, const char *id,
                     void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = tx_new(p);
    char hash[65];

    hash_id(key, id, hash);
    (void)tx_add(t, "DELETE FROM oauth_states WHERE hash = $1 AND expires_at > now() RETURNING hash", TX_PARAMS(hash));
    tx_run(t, on_state, state_op_new(true, done, arg));
}
