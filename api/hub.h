#pragma once
#include "common/base/err.h"
#include "common/io/loop.h"
#include <stddef.h>
/* What :events says, for whoever in this process wants to hear of one workspace. Progress of a run is told at most once
 * a second, the last state never left out. */
struct hub;
struct listener;
struct event {
    const char *type, *run_id, *event_id; /* run_id "" for those of connections */
    const char *text;                     /* the JSON object */
    size_t len;
};
/* On a connection to Redis of its own. */
int hub_new(struct loop *l, const char *redis_url, const char *prefix, struct hub **out, struct err *e) MUST_CHECK;
void hub_close(struct hub *h, void (*closed)(void *arg), void *arg); /* all listeners have left */
/* heard(arg, NULL): some may have been missed, look for yourself. It may leave while it hears. */
struct listener *hub_listen(struct hub *h, const char *workspace, void (*heard)(void *arg, const struct event *e),
                            void *arg);
void hub_leave(struct listener *l);
