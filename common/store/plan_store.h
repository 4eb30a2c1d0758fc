#pragma once
#include "common/base/date.h"
#include "common/base/err.h"
#include "common/base/id.h"
#include "common/io/db.h"
#include "common/plan/chunk_plan.h"
#include "common/plan/range_plan.h"
#include <stdbool.h>
#include <stdint.h>
/* What the scheduler reads and writes. All writes are guarded, so that a tick done twice does nothing the second time.
 */

/* Takes or keeps the planning lease for ttl_ms. leading: it is ours now. since_ms: since when. */
void plan_lease(struct db_pool *p, const char *holder, int64_t ttl_ms,
                void (*done)(void *arg, int rc, bool leading, int64_t since_ms, const struct err *e), void *arg);
void plan_lease_release(struct db_pool *p, const char *holder, void (*done)(void *arg, int rc, const struct err *e),
                        void *arg);

/* How far a run is planned: column `planned` of sync_runs. */
enum plan_stage {
    PLANNED_NOTHING,
    PLANNED_FIRST,  /* its entities and the account's totals */
    PLANNED_SAMPLE, /* the newest of its days, to learn from */
    PLANNED_ALL
};

/* A run that waits for planning, with what planning needs. */
struct plan_run {
    char id[UUID_TEXT], connection_id[UUID_TEXT];
    char kind[12], granularity[8], timezone[64], provider[16];
    bool force;
    bool rows_learned;           /* rows_per_day is of days read lately */
    enum plan_stage planned;     /* all jobs of this stage have ended */
    date_t asked_from, asked_to; /* DATE_NONE: default range */
    int known_count;
    int64_t backfill_days, restate_days; /* of the connection's settings; -1 = the program's */
    int64_t rows_per_day;                /* of days read lately, else ads known that are not gone; 0 = unknown */
    int64_t calls_per_window;            /* the least of the account's connections; -1 = the program's */
    date_t planned_from;                 /* the oldest day of facts that it has planned; DATE_NONE: none */
    int planned_chunks;                  /* of facts */
    int64_t now_ms;                      /* the database's clock: one for all schedulers */
    int64_t days_limit;                  /* as many were little enough for one question lately; 0 = no limit is known */
    struct day_known *known;             /* of the last backfill_days_max days, ascending */
};
/* Up to `limit` runs, oldest interactive ones first; borrowed during the callback. known covers `known_days` days back.
 */
void plan_runs(struct db_pool *p, int limit, int known_days,
               void (*done)(void *arg, int rc, const struct plan_run *runs, int count, const struct err *e), void *arg);

/* The next jobs of one run. None, and all planned: there is nothing to do, the run succeeds at once. */
struct plan_write {
    const char *run_id;
    enum plan_stage was, stage;    /* how far it was planned when it was read, and is now */
    bool entities;                 /* a chunk that lists them */
    struct day_span totals;        /* a chunk that asks for the account's totals of these days; from DATE_NONE: none */
    const struct day_span *chunks; /* of facts, in order */
    int chunk_count;
    int64_t rows_per_day, page_limit; /* that they were cut by */
    const struct err *refused;        /* not NULL: it cannot be planned; the run fails with this reason */
};
/* Stores many plans in one transaction; plans of runs that were planned meanwhile change nothing. */
void plan_store(struct db_pool *p, const struct plan_write *plans, int count,
                void (*done)(void *arg, int rc, const struct err *e), void *arg);

/* Open chunks of active connections, for the queue. */
struct plan_job {
    char id[UUID_TEXT], run_id[UUID_TEXT], connection_id[UUID_TEXT];
    char account[64], kind[12], provider[16];
    char from[DATE_TEXT], to[DATE_TEXT];
    char lane[8]; /* chunk_lane() */
    int attempts, deliveries;
    int64_t delay_ms;         /* of a chunk that waits for its retry; 0 = now */
    int64_t calls;            /* that are left of it, as far as is known */
    int64_t calls_per_window; /* the least of the account's connections; -1 = the program's */
};
/* Those of the given runs, or of all when run_ids is NULL: by connection, and within it by run age, then ordinal; at
 * most `limit` after the chunk `after_id` ("" = from the start). Borrowed during the callback. last_id "" after the
 * last page. */
void plan_open_jobs(struct db_pool *p, const char *const *run_ids, int run_count, const char *after_id, int limit,
                    void (*done)(void *arg, int rc, const struct plan_job *jobs, int count, const char *last_id,
                                 const struct err *e),
                    void *arg);

/* Connections whose next_sync_at has come, was never set, or lies too far ahead (due_is_astray); at most limit. */
struct plan_due {
    char connection_id[UUID_TEXT];
    char timezone[64];
    bool hourly;                          /* wants its days by the hour too */
    int64_t next_sync_at_ms;              /* 0 = never set */
    int64_t now_ms;                       /* the database's clock: one for all schedulers */
    int64_t nightly_at, intraday_minutes; /* of its settings; -1 = the program's */
};
void plan_due(struct db_pool *p, int limit,
              void (*done)(void *arg, int rc, const struct plan_due *due, int count, const struct err *e), void *arg);
/* Inserts the scheduled runs (kind NULL: none, only the time) and sets the next times, in one transaction. */
struct plan_due_write {
    const char *connection_id;
    const char *kind, *trigger; /* full or metrics + nightly, or metrics + intraday */
    const char *granularity;    /* NULL: day */
    date_t from, to;            /* DATE_NONE: default range */
    int64_t due_at_ms, next_ms;
};
void plan_due_store(struct db_pool *p, const struct plan_due_write *w, int count,
                    void (*done)(void *arg, int rc, const struct err *e), void *arg);

/* Deletes runs (with their chunks) that ended more than `days` ago, and ledger entries older than a day, in small
 * batches. */
void plan_retain(struct db_pool *p, int64_t days, void (*done)(void *arg, int rc, int64_t deleted, const struct err *e),
                 void *arg);
