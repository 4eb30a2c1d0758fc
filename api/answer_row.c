#include "api/answer_row.h"
#include "api/answer.h"
#include "common/base/check.h"
#include <stdlib.h>

struct asking {
    struct call *call;
    int status;
    const char *what;
};

static void on_row(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct asking *a = arg;
    struct err missing;

    if (rc != 0) {
        answer_err(a->call, e);
    } else if (count == 0) {
        (void)err_set(&missing, ERR_NOT_FOUND, "there is no such %s", a->what);
        answer_err(a->call, &missing);
    } else {
        answer_json(a->call, a->status, rows[0]);
    }
    free(a);
}

void answer_row(struct call *c, struct db_pool *db, int status, enum listing listing, const char *id, const char *what)
{
    struct asking *a = calloc(1, sizeof *a);
    CHECK(a != NULL);
    *a = (struct asking){c, status, what};
    listing_read(db, listing, id, on_row, a);
}
