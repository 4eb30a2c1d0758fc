#include "tests/flow/watch_fakes.h"
#include "common/base/check.h"
#include "worker/access_watch.h"

struct watch_fakes watch_fakes;

struct access_watch {
    struct watch_fakes *fakes;
};
static struct access_watch watch = {.fakes = &watch_fakes};

struct access_watch *access_watch_new(struct job_context *x)
{
    (void)x;
    return &watch;
}

void access_watch_start(struct access_watch *w)
{
    (void)w;
}

void access_watch_stop(struct access_watch *w, void (*ended)(void *arg), void *arg)
{
    w->fakes->ended = ended;
    w->fakes->arg = arg;
    if (!w->fakes->lingers)
        loop_defer(w->fakes->loop, ended, arg);
}

void access_watch_free(struct access_watch *w)
{
    CHECK(w == &watch);
}
