#pragma once
#include "common/base/date.h"
#include "common/base/err.h"
#include "common/base/id.h"
#include "common/io/db.h"
#include "common/plan/ladder.h"
#include "common/provider/provider.h"
#include <stdbool.h>
#include <stdint.h>
/* One chunk of a run, as a worker sees it: open, stage pages, merge the slice whole, or put it back. Every write
 * carries the epoch that chunk_open raised: a late worker changes nothing (ERR_FENCED).
 *
 * A slice of facts is compared day by day with the account's own totals before it is merged. When it differs, the
 * totals are asked for again (chunk_check_again), then the slice is read once more (chunk_read_again), then it is
 * merged as it is, and the days say so.
 *
 * Behind a listing of entities stubs that it did not bring are asked for one by one (chunk_look_up), as pages of the
 * same slice. */

/* The report that the provider makes of a chunk's facts, at RUNG_REPORT. */
struct chunk_report {
    char id[32];             /* "": there is none now */
    int made, polls;         /* so far; polls of this one */
    int percent;             /* of it that is done */
    int64_t age_s, still_s;  /* when the chunk was opened: since it was asked for, since it last went on */
    bool ready;              /* its pages are being read */
    bool is_new, was_polled; /* the caller's news, which chunk_put_back keeps */
};

struct chunk {
    char id[UUID_TEXT], run_id[UUID_TEXT], connection_id[UUID_TEXT], workspace_id[UUID_TEXT];
    const struct provider *provider;
    struct slice slice; /* the question now; account and currency point into this struct; page_limit is the caller's to
                           set */
    bool totals;        /* asks for the account's totals, to compare the run's slices with; has no facts */
    bool checking;      /* all pages of facts are staged; the question is for the totals of their days */
    bool reread;        /* this is the second reading */
    bool stubs;         /* the connection has stubs: chunk_look_up behind the listing */
    struct lookup *lookups; /* owned, texts too */
    char account[64], currency[8], timezone[64];
    struct shape shape; /* how it is asked by now */
    struct chunk_report report;
    int64_t epoch;
    int attempts, deliveries;
    int page;            /* the next one to ask for, from 1 */
    char *cursor;        /* owned; NULL on page 1 */
    int64_t rows, calls; /* so far */
    char *token_enc;     /* owned; NULL: META_ACCESS_TOKEN is meant (token_source env) */
    char lane[8];        /* chunk_lane() */
    int64_t blocked_ms;  /* the provider allows no call for so long: the next commit keeps it; 0 = it did not say so */
    int64_t app_blocked_ms; /* no call of the whole app */
    int64_t booked_s; /* the second in which the ledger has a call that was not made, by PostgreSQL's clock; the caller
                         makes it 0 when the call is made */
};
void chunk_clear(struct chunk *c); /* frees what is owned */

/* Takes over what was little enough for the connection lately, when it is the first start; raises the epoch, marks
 * chunk and run running, books the first call in the ledger, and says where to go on: a stored cursor that
 * still serves (chunk_place_serves), else page 1 with the staged pages thrown away. ERR_CONFLICT: there is nothing to
 * do now (closed, cancelled, connection not active): drop the job. ERR_POISON: started max_deliveries times without
 * committing a page; the chunk is closed as dead. */
void chunk_open(struct db_pool *p, const char *id, const char *worker, int max_deliveries,
                void (*done)(void *arg, int rc, struct chunk *c, const struct err *e),
                void *arg); /* c is owned by the callback, free() after chunk_clear */

/* Rows of a page as COPY text, totals as a JSON list; pure, for the thread pool. `ordinal` counts within the page. */
void chunk_rows_copy(const struct chunk *c, const struct page *p, struct buf *out);

/* Commits one page and the cursor after it (in one fenced transaction), and books the next call. `next` is copied.
 * ERR_FENCED; ERR_GONE: the staged pages are lost (PostgreSQL crashed): open the chunk again. On success c->page,
 * cursor, rows and calls have moved on. `rows` is borrowed until done. */
void chunk_stage(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count, const char *next,
                 void (*done)(void *arg, int rc, const struct err *e), void *arg);

/* As chunk_stage, for the last page of a slice that differs from its totals (ERR_DIFFERS): from now on c->checking. */
void chunk_check_again(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count,
                       void (*done)(void *arg, int rc, const struct err *e), void *arg);
/* As chunk_stage, for the last page of totals when the slice differs from those too: keeps them, throws the staged
 * facts away and starts again at page 1; from now on c->reread. */
void chunk_read_again(struct db_pool *p, struct chunk *c, const struct buf *totals,
                      void (*done)(void *arg, int rc, const struct err *e), void *arg);

#define CHUNK_LOOKUPS_MAX 50
/* What grows beyond these is given up (ERR_LIMIT, docs/limits.md). Full pages of a planned slice are some twenty. */
#define CHUNK_PAGES_MAX 10000
#define CHUNK_ROWS_MAX 2000000
#define CHUNK_CAMPAIGNS_MAX 5000 /* asked for one by one */
/* As chunk_stage, for the last page of a listing: from now on the slice's question is for stubs that the listing did
 * not bring, one by one; the others wait for the next chunk. For the last page of campaigns that have facts: for the
 * facts of each of them. ERR_NOT_FOUND: there is none; nothing was changed. */
void chunk_look_up(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count,
                   void (*done)(void *arg, int rc, const struct err *e), void *arg);

/* The answer was too much data: the next question is smaller, as ladder_next made step (not LADDER_END) and shape. In
 * one fenced transaction; books the next call. PAGE: the staged pages and the place stay. CUT: this chunk keeps the
 * newer half of its days, a new one of the same run and place in it gets the older half. CUT and RUNG throw the staged
 * pages away. Costs no attempt and counts as a page for deliveries. ERR_FENCED and ERR_GONE as chunk_stage. */
void chunk_shrink(struct db_pool *p, struct chunk *c, enum ladder_step step, const struct shape *shape,
                  void (*done)(void *arg, int rc, const struct err *e), void *arg);

/* The report is ready and its pages are asked for, or it is dropped and another one is; fenced, books the next call. As
 * chunk_stage. */
void chunk_report_ready(struct db_pool *p, struct chunk *c, void (*done)(void *arg, int rc, const struct err *e),
                        void *arg);
void chunk_report_anew(struct db_pool *p, struct chunk *c, void (*done)(void *arg, int rc, const struct err *e),
                       void *arg);

/* How the run stands after a chunk was closed. */
struct run_state {
    char status[16]; /* of the run */
    int64_t chunks_total, chunks_done, chunks_dead, rows, calls;
    bool ended;                                    /* this close ended it */
    bool plan;                                     /* planning has more to do for it: wake the scheduler */
    int64_t inserted, updated, unchanged, removed; /* by this merge */
};
/* Stages the last page and merges the slice whole, in one fenced transaction: locks the days in order, leaves days
 * alone that a later reading has written, inserts, updates what differs, deletes what is gone from the account's total
 * too (when that is unknown: what is gone, but of deleted ads), logs restatements, makes stubs for entities that only
 * insights know, closes the chunk, counts, ends the run when it was the last. Never ON CONFLICT DO UPDATE; an unchanged
 * row is not rewritten. rows may be empty. What a chunk that was shrunk came down to is remembered for the connection.
 * ERR_DIFFERS: days that are over do not add up to the account's own totals, or these are not known; nothing was
 * changed. as_it_is: such days are stored all the same, and say so. */
void chunk_merge(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count, bool as_it_is,
                 void (*done)(void *arg, int rc, const struct run_state *r, const struct err *e), void *arg);

enum chunk_fate {
    CHUNK_RETRY,   /* attempts + 1, queued again, not before delay_ms */
    CHUNK_RESTART, /* as RETRY, and the staged pages and cursor are thrown away */
    CHUNK_YIELD,   /* queued again without penalty */
    CHUNK_DEAD     /* given up: a dead letter */
};
/* Puts the chunk back or gives it up, with the reason; keeps what is new of its report. `calls` were made and not yet
 * counted by a commit. RETRY becomes DEAD at max_attempts (*dead says so). connection_status: NULL, or "needs_reauth"
 * or "no_access": the connection gets it, and all its open chunks are given up with the same reason. YIELD unbooks a
 * call that was not made. */
void chunk_put_back(struct db_pool *p, struct chunk *c, enum chunk_fate fate, int64_t delay_ms, int max_attempts,
                    int calls, const char *connection_status, const struct err *why,
                    void (*done)(void *arg, int rc, bool dead, const struct run_state *r, const struct err *e),
                    void *arg);
