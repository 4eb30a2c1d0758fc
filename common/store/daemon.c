#include "common/store/daemon.h"
#include "common/base/log.h"
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

struct life {
    const struct daemon_kind *kind;
    struct service service;
    void *made;
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
    life->kind->stop(life->made, on_stopped, life);
}

static int cannot_start(int rc, const struct err *e)
{
    log_error("cannot start", F_ERR(e));
    return rc == ERR_SETTING ? EXIT_USAGE : EXIT_FAILED;
}

/* Told to stop before it has begun: there is nothing to finish or to hand back. */
static void end_at_once(int number)
{
    (void)number;
    _exit(EXIT_DONE);
}

static void end_at_once_on_signals(void)
{
    const struct sigaction end = {.sa_handler = end_at_once};
    (void)sigaction(SIGTERM, &end, NULL);
    (void)sigaction(SIGINT, &end, NULL);
}

static int run(const struct daemon_kind *k, const struct settings *settings)
{
    struct life life = {.kind = k};
    struct err e = {0};
    end_at_once_on_signals(); /* until the loop hears them */
    int rc = service_open(&life.service, settings, k->name, &e);
    if (rc != 0)
        return cannot_start(rc, &e);
    rc = service_serve_ops(&life.service, &e);
    if (rc == 0)
        rc = k->create(&life.service, &life.made, &e);
    if (rc == 0) {
        k->start(life.made);
        loop_on_stop(life.service.loop, on_stop, &life);
        loop_run_until(life.service.loop, &life.stopped);
        k->destroy(life.made);
    }
    service_close(&life.service);
    return rc == 0 ? EXIT_DONE : cannot_start(rc, &e);
}

int daemon_main(const struct daemon_kind *k, int argc, char **argv)
{
    struct program_options o;
    /* glibc gives threads heaps of their own, and each would keep for good what one page's JSON took: 9 MB a thread. */
    (void)mallopt(M_ARENA_MAX, 1);
    int code = program_start(&o, k->who, k->name, k->summary, argc, argv);
    if (code >= 0)
        return code;
    code = o.check ? service_check(&o.settings, k->name, k->needs_keys, k->need) : run(k, &o.settings);
    program_end(&o);
    return code;
}
