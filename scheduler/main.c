#include "common/store/daemon.h"
#include "scheduler/scheduler.h"

static int create(struct service *s, void **made, struct err *e)
{
    struct scheduler *d = NULL;
    int rc = scheduler_new(s, &d, e);
    *made = d;
    return rc;
}

static void start(void *made)
{
    scheduler_start(made);
}

static void stop(void *made, void (*stopped)(void *arg), void *arg)
{
    scheduler_stop(made, stopped, arg);
}

static void destroy(void *made)
{
    scheduler_free(made);
}

int main(int argc, char **argv)
{
    static const struct daemon_kind kind = {.who = PROGRAM_SCHEDULER,
                                            .name = "metricx-scheduler",
                                            .summary = "decides what is due, plans runs into jobs, "
                                                       "returns lost jobs to the queue",
                                            .create = create,
                                            .start = start,
                                            .stop = stop,
                                            .destroy = destroy};
    return daemon_main(&kind, argc, argv);
}
