#pragma once
#include "common/base/err.h"
#include "common/base/settings.h"
#include "common/io/loop.h"
/* /metrics, /healthz and /readyz of a daemon on METRICS_LISTEN. */
struct ops_server;
/* ready(arg, problem): NULL when ready, else writes why not (into problem, 256 bytes) and returns it; must not block.
 */
int ops_server_new(struct loop *l, const struct settings *s, const char *(*ready)(void *arg, char problem[256]),
                   void *arg, struct ops_server **out, struct err *e) MUST_CHECK;
int ops_server_port(const struct ops_server *o);
void ops_server_close(struct ops_server *o, void (*closed)(void *arg), void *arg);
