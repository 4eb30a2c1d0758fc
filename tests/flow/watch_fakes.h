#pragma once
#include "common/io/loop.h"
#include <stdbool.h>
/* The watch on access, played for tests of the worker: it has nothing to do. */
struct watch_fakes {
    struct loop *loop;
    bool lingers; /* a check is under way when it is stopped: the test ends it */
    void (*ended)(void *arg);
    void *arg;
};
extern struct watch_fakes watch_fakes;
