#pragma once
#include "common/base/settings.h"
#include "common/io/db.h"
#include "common/io/loop.h"
#include "common/io/ops_server.h"
#include "common/io/redis.h"
#include "common/store/queue.h"
/* What every daemon holds: a loop, PostgreSQL, Redis, the queue, the operators' listener. */
struct service {
    const struct settings *settings;
    struct loop *loop;
    struct db_pool *db;
    struct redis *redis;
    struct queue *queue;
    struct ops_server *ops;
    struct timer *deadline; /* of the stop; NULL until service_end_by_grace */
    const char *not_ready;  /* static: why /readyz says no although the servers answer; NULL = nothing */
};

/* Connects, and fails clearly when PostgreSQL or Redis is away, the schema is missing or refuses this program, or Redis
 * may evict keys. On failure everything is closed again. `settings` is borrowed. */
int service_open(struct service *s, const struct settings *settings, const char *name, struct err *e) MUST_CHECK;
/* What one program needs besides; what: as it is said when all is well. */
struct service_need {
    const char *what;
    int (*check)(struct service *s, struct err *e);
};
/* The same, but only to say on stdout, a line each, what is well and what is not: for --check. need: NULL when there is
 * none; looked at when PostgreSQL answers. Returns the exit code. */
int service_check(const struct settings *settings, const char *name, bool needs_keys, const struct service_need *need);
/* Starts /metrics, /healthz and /readyz. */
int service_serve_ops(struct service *s, struct err *e) MUST_CHECK;
/* From now on the process ends, with code 0, after SHUTDOWN_GRACE_SECONDS at the latest, whatever still hangs: what is
 * in flight then comes back as after a crash. */
void service_end_by_grace(struct service *s);
/* Closes all and frees the loop; runs the loop until that is done. */
void service_close(struct service *s);
