#pragma once
#include "common/base/program.h"
#include "common/store/service.h"
/* The life of every daemon, from its arguments to its exit code: what differs between them is this table. */
struct daemon_kind {
    enum program who;
    const char *name, *summary;      /* "metricx-worker"; what it does, for --help */
    bool needs_keys;                 /* --check loads TOKEN_ENCRYPTION_KEY */
    const struct service_need *need; /* what --check looks at besides; NULL: nothing */
    int (*create)(struct service *s, void **made, struct err *e);
    void (*start)(void *made);
    void (*stop)(void *made, void (*stopped)(void *arg), void *arg); /* stopped once nothing is in flight */
    void (*destroy)(void *made);
};
/* For main(): runs until SIGTERM or SIGINT; returns the exit code. */
int daemon_main(const struct daemon_kind *k, int argc, char **argv);
