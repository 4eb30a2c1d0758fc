#pragma once
#include "common/base/err.h"
#include "common/io/loop.h"
/* Host name to a numeric address without blocking the loop. Numeric hosts are answered on the next turn. Of a
 * name with addresses of both families the IPv4 one is taken. */
typedef void (*resolve_done)(void *arg, int rc, const char *address,
                             const struct err *e); /* address borrowed in the call */
struct resolve;
struct resolve *resolve_start(struct loop *l, const char *host, resolve_done done, void *arg);
void resolve_cancel(struct resolve *r); /* done is still called, with ERR_CANCELED */
