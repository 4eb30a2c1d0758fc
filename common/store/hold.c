#include "common/store/hold.h"
#include "common/base/check.h"
#include "common/base/id.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>

struct holding {
    char id[UUID_TEXT]; /* "" for all */
    void (*set)(void *arg, int rc, const struct err *e);
    void (*released)(void *arg, int rc, bool released, const struct err *e);
    void *arg;
};

static struct holding *holding_new(const char *connection_id, void *arg)
{
    struct holding *h = mem_new(1, sizeof *h);
    CHECK((connection_id == NULL || uuid_valid(connection_id)));
    h->arg = arg;
    (void)str_copy(h->id, sizeof h->id, connection_id == NULL ? "" : connection_id);
    return h;
}

static void on_set(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct holding *h = arg;
    struct err why = {0};
    if (rc != 0)
        (void)err_copy(&why, e);
    else if (db_affected(r, 0) == 0)
        rc = err_set(&why, ERR_NOT_FOUND, "there is no connection %s", h->id);
    h->set(h->arg, rc, rc == 0 ? NULL : &why);
    free(h);
}

void hold_set(struct db_pool *p, const char *connection_id, const char *reason,
              void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct holding *h = holding_new(connection_id, arg);
    struct tx *t = tx_new(p);
    CHECK(*reason != '\0');
    h->set = done;
    (void)TX_ADD(t, "hold_set", connection_id, reason);
    tx_run(t, on_set, h);
}

static void on_released(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct holding *h = arg;
    h->released(h->arg, rc, rc == 0 && db_affected(r, 0) > 0, e);
    free(h);
}

void hold_release(struct db_pool *p, const char *connection_id,
                  void (*done)(void *arg, int rc, bool released, const struct err *e), void *arg)
{
    struct holding *h = holding_new(connection_id, arg);
    struct tx *t = tx_new(p);
    h->released = done;
    (void)TX_ADD(t, "hold_release", connection_id);
    tx_run(t, on_released, h);
}
