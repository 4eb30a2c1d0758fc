#include "common/store/access.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/account_parts.h"
#include "common/store/sql.h"
#include <stdlib.h>

struct claiming {
    void (*done)(void *arg, int rc, const struct access_claim *claim, const struct err *e);
    void *arg;
};

static void on_claim(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct claiming f = *(struct claiming *)arg;
    struct access_claim claim = {0};
    free(arg);
    if (rc != 0 || db_rows(r, 0) == 0) {
        f.done(f.arg, rc, NULL, e);
        return;
    }
    (void)str_copy(claim.id, sizeof claim.id, db_text(r, 0, 0, 0));
    (void)str_copy(claim.provider, sizeof claim.provider, db_text(r, 0, 0, 1));
    (void)str_copy(claim.account, sizeof claim.account, db_text(r, 0, 0, 2));
    (void)str_copy(claim.status, sizeof claim.status, db_text(r, 0, 0, 3));
    claim.token_enc = db_is_null(r, 0, 0, 4) ? NULL : db_text(r, 0, 0, 4);
    f.done(f.arg, 0, &claim, NULL);
}

void access_claim(struct db_pool *p,
                  void (*done)(void *arg, int rc, const struct access_claim *claim, const struct err *e), void *arg)
{
    struct claiming *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    *f = (struct claiming){.done = done, .arg = arg};
    (void)tx_add(t, sql_text("access_claim"), NULL, 0);
    tx_run(t, on_claim, f);
}

/* ---- what came of it ---- */

struct telling {
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void on_told(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct telling f = *(struct telling *)arg;
    (void)r;
    free(arg);
    f.done(f.arg, rc, e);
}

static void tell(struct tx *t, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct telling *f = mem_new(1, sizeof *f);
    *f = (struct telling){.done = done, .arg = arg};
    tx_run(t, on_told, f);
}

void access_back(struct db_pool *p, const char *id, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = tx_new(p);
    account_add_taking_up(t, id);
    (void)TX_ADD(t, "access_back", id);
    (void)TX_ADD(t, "access_sync", id);
    tell(t, done, arg);
}

void access_refused(struct db_pool *p, const char *id, const char *status, const char *reason, const char *code,
                    void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = tx_new(p);
    (void)TX_ADD(t, "access_refused", id, status, reason, code);
    tell(t, done, arg);
}

void access_unsaid(struct db_pool *p, const char *id, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = tx_new(p);
    (void)TX_ADD(t, "access_unsaid", id);
    tell(t, done, arg);
}
