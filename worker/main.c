#include "common/base/log.h"
#include "common/base/program.h"
#include "common/store/service.h"
#include "worker/worker.h"
#include <malloc.h>

#define NAME "metricx-worker"

struct life {
    struct service service;
    struct worker *worker;
    int stopped;
};

static void on_stopped(void *arg)
{
    struct life *life = arg;
    loop_ignore_stop(life->service.loop);
    life->stopped = 1;
}

static void on_stop(void *arg)
{
    struct life *life = arg;
    service_end_by_grace(&life->service);
    worker_stop(life->worker, on_stopped, life);
}

static int cannot_start(int rc, const struct err *e)
{
    log_error("cannot start", F_ERR(e));
    return rc == ERR_SETTING ? EXIT_USAGE : EXIT_FAILED;
}

/* glibc gives threads heaps of their own, and each would keep for good what one page's JSON took: 9 MB a thread. */
static void share_one_heap(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
}

static int run(const struct settings *settings)
{
    struct life life = {0};
    struct err e = {0};
    share_one_heap();
    int rc = service_open(&life.service, settings, NAME, &e);
    if (rc != 0)
        return cannot_start(rc, &e);
    rc = service_serve_ops(&life.service, &e);
    if (rc == 0)
        rc = worker_new(&life.service, &life.worker, &e);
    if (rc == 0) {
        worker_start(life.worker);
        loop_on_stop(life.service.loop, on_stop, &life);
        loop_run_until(life.service.loop, &life.stopped);
        worker_free(life.worker);
    }
    service_close(&life.service);
    return rc == 0 ? EXIT_DONE : cannot_start(rc, &e);
}

int main(int argc, char **argv)
{
    struct program_options o;
    int code = program_start(&o, PROGRAM_WORKER, NAME, "drains the queue: fetches what each job asks for and stores it",
                             argc, argv);
    if (code >= 0)
        return code;
    code = o.check ? service_check(&o.settings, NAME, true) : run(&o.settings);
    program_end(&o);
    return code;
}
