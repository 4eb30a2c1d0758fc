#include "common/store/daemon.h"
#include "worker/worker.h"

static int create(struct service *s, void **made, struct err *e)
{
    struct worker *w = NULL;
    int rc = worker_new(s, &w, e);
    *made = w;
    return rc;
}

static void start(void *made)
{
    worker_start(made);
}

static void stop(void *made, void (*stopped)(void *arg), void *arg)
{
    worker_stop(made, stopped, arg);
}

static void destroy(void *made)
{
    worker_free(made);
}

int main(int argc, char **argv)
{
    static const struct daemon_kind kind = {.who = PROGRAM_WORKER,
                                            .name = "metricx-worker",
                                            .summary = "drains the queue: fetches what each job asks for and stores it",
                                            .needs_keys = true,
                                            .create = create,
                                            .start = start,
                                            .stop = stop,
                                            .destroy = destroy};
    return daemon_main(&kind, argc, argv);
}
