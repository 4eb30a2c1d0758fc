#include "common/base/check.h"
#include "common/store/account.h"
#include "scheduler/phase.h"
#include <stdlib.h>

struct removal_flow {
    bool *more;
    phase_done done;
    void *arg;
};

static void on_removed(void *arg, int rc, bool more, const struct err *e)
{
    struct removal_flow *f = arg;
    phase_done done = f->done;
    void *next = f->arg;
    *f->more |= more;
    free(f);
    done(next, rc, e);
}

void removal_flow_start(struct service *s, bool *more, phase_done done, void *arg)
{
    struct removal_flow *f = calloc(1, sizeof *f);
    CHECK(f != NULL);
    *f = (struct removal_flow){.more = more, .done = done, .arg = arg};
    hidden_remove(s->db, on_removed, f);
}
