#include "common/base/log.h"
#include "common/base/program.h"
#include "common/store/service.h"
#include "worker/worker.h"

#define NAME "metricx-worker"

static void on_stopped(void *arg)
{
    loop_ignore_stop(arg);
}

struct life {
    struct service service;
    struct worker *worker;
    int stopped;
};

static void on_worker_stopped(void *arg)
{
    struct life *life = arg;
    on_stopped(life->service.loop);
    life->stopped = 1;
}

static void on_stop(void *arg)
{
    struct life *life = arg;
    worker_stop(life->worker, on_worker_stopped, life);
}

static int run(const struct settings *settings)
{
    struct life life = {0};
    struct err e = {0};
    int rc = service_open(&life.service, settings, NAME, &e);
    if (rc == 0)
        rc = worker_new(&life.service, &life.worker, &e);
    if (rc == 0)
        rc = service_serve_ops(&life.service, &e);
    if (rc != 0) {
        log_error("cannot start", F_ERR(&e));
        return rc == ERR_SETTING ? EXIT_USAGE : EXIT_FAILED;
    }
    worker_start(life.worker);
    loop_on_stop(life.service.loop, on_stop, &life);
    loop_run_until(life.service.loop, &life.stopped);
    worker_free(life.worker);
    service_close(&life.service);
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct program_options o;
    int code = program_start(&o, PROGRAM_WORKER, NAME, "drains the queue: fetches what each job asks for and stores it",
                             argc, argv);
    if (code >= 0)
        return code;
    code = o.check ? service_check(&o.settings, NAME) : run(&o.settings);
    program_end(&o);
    return code;
}
