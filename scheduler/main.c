#include "common/base/log.h"
#include "common/base/program.h"
#include "common/store/service.h"
#include "scheduler/scheduler.h"

#define NAME "metricx-scheduler"

struct life {
    struct service service;
    struct scheduler *scheduler;
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
    scheduler_stop(life->scheduler, on_stopped, life);
}

static int cannot_start(int rc, const struct err *e)
{
    log_error("cannot start", F_ERR(e));
    return rc == ERR_SETTING ? EXIT_USAGE : EXIT_FAILED;
}

static int run(const struct settings *settings)
{
    struct life life = {0};
    struct err e = {0};
    int rc = service_open(&life.service, settings, NAME, &e);
    if (rc != 0)
        return cannot_start(rc, &e);
    rc = service_serve_ops(&life.service, &e);
    if (rc == 0)
        rc = scheduler_new(&life.service, &life.scheduler, &e);
    if (rc == 0) {
        scheduler_start(life.scheduler);
        loop_on_stop(life.service.loop, on_stop, &life);
        loop_run_until(life.service.loop, &life.stopped);
        scheduler_free(life.scheduler);
    }
    service_close(&life.service);
    return rc == 0 ? EXIT_DONE : cannot_start(rc, &e);
}

int main(int argc, char **argv)
{
    struct program_options o;
    int code = program_start(&o, PROGRAM_SCHEDULER, NAME,
                             "decides what is due, plans runs into jobs, returns lost jobs to the queue", argc, argv);
    if (code >= 0)
        return code;
    code = o.check ? service_check(&o.settings, NAME, false) : run(&o.settings);
    program_end(&o);
    return code;
}
