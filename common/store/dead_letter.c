#include "common/store/dead_letter.h"
#include "common/base/id.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>

struct burial {
    char id[UUID_TEXT]; /* "" for all */
    int count;          /* the step that tells how many */
    void (*done)(void *arg, int rc, int count, const struct err *e);
    void *arg;
};

static void on_done(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct burial *b = arg;
    struct err why = {0};
    int count = 0;
    if (rc == 0)
        count = (int)db_int(r, b->count, 0, 0);
    else
        (void)err_copy(&why, e);
    if (rc == 0 && count == 0 && b->id[0] != '\0')
        rc = err_set(&why, ERR_NOT_FOUND, "there is no dead letter %s", b->id);
    b->done(b->arg, rc, count, rc == 0 ? NULL : &why);
    free(b);
}

static struct burial *burial_new(const char *id, void (*done)(void *arg, int rc, int count, const struct err *e),
                                 void *arg)
{
    struct burial *b = mem_new(1, sizeof *b);
    b->done = done;
    b->arg = arg;
    (void)str_copy(b->id, sizeof b->id, id == NULL ? "" : id);
    return b;
}

void dead_letter_retry(struct db_pool *p, const char *id,
                       void (*done)(void *arg, int rc, int count, const struct err *e), void *arg)
{
    struct burial *b = burial_new(id, done, arg);
    struct tx *t = tx_new(p);
    const char *one = id != NULL && uuid_valid(id) ? id : NULL, *all = id == NULL ? "true" : "false";
    (void)TX_ADD(t, "dead_lock", one, all, NULL);
    (void)TX_ADD(t, "dead_runs_lock", one, all, NULL);
    (void)TX_ADD(t, "dead_runs_reopen", one, all, NULL);
    b->count = TX_ADD(t, "dead_retry", one, all, NULL);
    tx_run(t, on_done, b);
}

void dead_letter_drop(struct db_pool *p, const char *id,
                      void (*done)(void *arg, int rc, int count, const struct err *e), void *arg)
{
    struct burial *b = burial_new(id, done, arg);
    struct tx *t = tx_new(p);
    const char *one = uuid_valid(id) ? id : NULL;
    b->count = TX_ADD(t, "dead_drop", one);
    tx_run(t, on_done, b);
}
