#pragma once
#include "common/base/err.h"
#include "common/io/db.h"
#include <stdbool.h>
/* Work that an operator holds: no call starts for a connection, or (NULL) for any. Pages under way are stored; jobs go
 * back to where they were and wait in PostgreSQL. Whoever looks at work or books a call sees the table `holds`. */

/* Held already: another reason, which must not be empty. ERR_NOT_FOUND: there is no such connection. */
void hold_set(struct db_pool *p, const char *connection_id, const char *reason,
              void (*done)(void *arg, int rc, const struct err *e), void *arg);
/* released: it was held. The hold of all and those of connections are each their own. */
void hold_release(struct db_pool *p, const char *connection_id,
                  void (*done)(void *arg, int rc, bool released, const struct err *e), void *arg);
