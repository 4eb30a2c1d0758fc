#pragma once
#include "common/base/err.h"
#include "common/io/redis.h"
#include "common/provider/quota.h"
#include <stdbool.h>
#include <stdint.h>
/* The queue: live jobs in Redis, each transition one atomic script (lua/). Redis owns the turn, PostgreSQL the truth:
 * every job can be made again from sync_chunks, and losing all of Redis loses no work.
 *
 *   enqueue ─► ready ─► claim ─► leased ─► finish(done) ─► gone
 *               ▲  ▲               │ ├──► finish(yield)  ─► ready, at the head, no penalty
 *               │  └── due ◄ delayed◄┴──► finish(retry)
 *               └──────────── reap (lease over)          └► finish(dead) ─► dead
 *
 * Three lanes, one before the other: "high" (a person waits), "normal" (nightly and intraday runs), "low" (backfills:
 * all else). Normal and low work leaves a twentieth of every budget to people and is paced (budget.h); slots are kept
 * from low work alone (want_low).
 *
 * A claim takes one call of the account's and the app's budget with each job; further calls are granted page by page
 * (queue_grant). A domain (= ad account) without budget is parked whole: one score moves, not its jobs. Within a lane
 * domains take turns, the one whose last call is the longest ago first and newcomers before all, and so do the
 * connections of a domain by the calls they had. Pages count: a job hands its slot back instead of the next page when
 * work of a lane before its own waits, or a newcomer, or, after two calls, who waited since before it began. */
struct queue;

/* Borrows r; prefix is copied. */
struct queue *queue_new(struct redis *r, const char *prefix);
void queue_free(struct queue *q);
const char *queue_prefix(const struct queue *q);

typedef void (*queue_done)(void *arg, int rc, const struct err *e);

/* One job to put in; texts are borrowed during the call. id is the chunk's id: the key is the uniqueness lock. */
struct queue_job {
    const char *id, *run_id, *connection_id;
    const char *provider, *account; /* the domain: its budget is the scope "<provider>:<account>" */
    const char *kind;               /* entities, metrics */
    const char *from, *to;          /* days, "" for entities */
    const char *lane;               /* see above */
    int attempts, deliveries;
    int64_t delay_ms; /* not before */
    int64_t calls;    /* that it is expected to make, at least one: it begins when the window has room for them */
};
/* Jobs that live already stay as they are, but move up into a lane before theirs. done gets how many were new. */
void queue_enqueue(struct queue *q, const struct queue_job *jobs, int count,
                   void (*done)(void *arg, int rc, int added, const struct err *e), void *arg);

#define QUEUE_TOKEN 64
struct queue_claimed {
    char id[40];
    char token[QUEUE_TOKEN]; /* of this delivery: every later script compares it */
    char lane[8];
};
#define QUEUE_CLAIM_MAX 64
/* Up to `want` jobs (at most QUEUE_CLAIM_MAX), lane after lane, of which at most `want_low` are low ones. next_ms: come
 * back after so long at the latest, -1 = nothing known, wait for a wake token. */
void queue_claim(struct queue *q, const char *worker, int want, int want_low, int64_t lease_ms,
                 void (*done)(void *arg, int rc, const struct queue_claimed *jobs, int count, int64_t next_ms,
                              const struct err *e),
                 void *arg);

struct queue_beat {
    const char *id, *token;
    int page; /* hints for dashboards */
    int64_t rows;
};
enum beat_word { BEAT_GOOD, BEAT_STALE };
/* Registers the worker and extends its leases: one round trip. words has one entry per job, in order. */
void queue_beat(struct queue *q, const char *worker, const char *info_json, int64_t lease_ms,
                const struct queue_beat *jobs, int count,
                void (*done)(void *arg, int rc, const enum beat_word *words, int count, const struct err *e),
                void *arg);

/* What became of the call that a grant paid for. */
struct call_feedback {
    int calls;  /* calls that ended since the last word: 0 or 1 (never sent: 0 with refund) */
    int refund; /* calls granted that certainly never left this host */
    struct quota account, app;
    int64_t allowed; /* calls in a window that the account turned out to allow; 0 = it is not known */
};
/* Settles the call before and asks for one more. granted false: retry_ms says when, 0 = at once, but others wait for
 * the slot; ERR_FENCED: the lease went to another. */
void queue_grant(struct queue *q, const char *id, const char *token, const struct call_feedback *f,
                 void (*done)(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e), void *arg);

enum finish_how { FINISH_DONE, FINISH_RETRY, FINISH_YIELD, FINISH_DEAD, FINISH_DROP };
/* Settles and lets go. DONE and DROP remove the job (DROP: PostgreSQL says that it is not to be done now), RETRY delays
 * it, YIELD puts it back to the head, DEAD lists it. run_id with run_fields (name, value, …; NULL-terminated) updates
 * :run:<id> (expiring after 7 days when run_ended), event_json is published on :events when not NULL; wake_plan wakes
 * the schedulers. A stale token is no error: rc 0, *stale. */
struct queue_finish {
    const char *id, *token;
    enum finish_how how;
    int64_t delay_ms;
    const char *error;
    struct call_feedback feedback;
    const char *run_id;
    const char *const *run_fields;
    bool run_ended;
    const char *event_json;
    bool wake_plan;
};
void queue_finish(struct queue *q, const struct queue_finish *f,
                  void (*done)(void *arg, int rc, bool stale, const struct err *e), void *arg);

/* Returns jobs whose lease is over to the head of their lists (those lost for the second time some apart: one of them
 * may be what kills its workers); promotes delayed ones that are due. At most `limit` of each. */
void queue_reap(struct queue *q, int limit,
                void (*done)(void *arg, int rc, int reaped, int promoted, const struct err *e), void *arg);

/* Which of the given jobs are to be put in (again), for the reconciler: there is no live one, or its lane is behind
 * lanes[i]. missing[i] belongs to ids[i]. */
void queue_missing(struct queue *q, const char *const *ids, const char *const *lanes, int count,
                   void (*done)(void *arg, int rc, const bool *missing, int count, const struct err *e), void *arg);
/* Removes live jobs (a cancelled run, a dropped dead letter); leased ones end at their next beat or grant as stale. */
void queue_remove(struct queue *q, const char *const *ids, int count, queue_done done, void *arg);
/* Deletes everything of the live queue but budgets (metricx queue rebuild). */
void queue_clear(struct queue *q, queue_done done, void *arg);
void queue_wake_scheduler(struct queue *q, queue_done done, void *arg);
/* The same, and all open work is looked for that has no job. */
void queue_wake_for_all(struct queue *q, queue_done done, void *arg);

/* :run:<id> and :events, for transitions outside of jobs (planned, cancelled). fields as in queue_finish. */
void queue_run_update(struct queue *q, const char *run_id, const char *const *fields, bool ended,
                      const char *event_json, queue_done done, void *arg);
