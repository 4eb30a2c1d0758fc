#pragma once
#include "common/store/chunk.h"
#include "common/store/run_event.h"
#include "worker/job_flow.h"
#include "worker/page_work.h"
#include "worker/report_fate.h"
/* Shared by job_flow.c, which decides, and job_operations.c, which starts what a state awaits and takes what it
 * brought. */
enum job_state {
    OPENING,      /* PostgreSQL: epoch, place to go on from */
    GRANTING,     /* Redis: settle the call before, one more */
    FETCHING,     /* the provider */
    PARSING,      /* the thread pool */
    STAGING,      /* PostgreSQL: a page and the cursor after it */
    MERGING,      /* PostgreSQL: the last page, and the slice whole */
    LISTED,       /* PostgreSQL: the last page of a listing, and which of it are to be asked for one by one */
    DOUBTING,     /* PostgreSQL: the slice differs from the account's totals, which are to be asked for again */
    REREADING,    /* PostgreSQL: it differs from those too, and is to be read once more */
    REPORTING,    /* PostgreSQL: the report is ready, or to be made anew */
    SHRINKING,    /* PostgreSQL: too much data, the next question is smaller */
    PUTTING_BACK, /* PostgreSQL: why it is not done */
    FINISHING,    /* Redis: let go */
    STRANDED      /* Redis is away: the same state again when it is back */
};
struct job {
    struct job_context *x;
    struct queue_claimed claimed;
    enum job_state state, stranded_in;
    struct chunk *chunk; /* NULL until opened */
    struct secret *token;
    struct http_call *call; /* under way, in FETCHING */
    struct page_work work;
    enum report_fate report; /* READ or ANEW, in REPORTING */
    enum ladder_step shrink; /* how the chunk is asked smaller, in SHRINKING, and what it becomes */
    struct shape shape;
    bool granted; /* a call is in hand */
    int64_t granted_at_ms;
    struct call_feedback feedback; /* of the call that ended and is not settled yet */
    int calls_uncounted;           /* ended calls that no commit has counted yet */
    int commit_tries;
    bool unchecked; /* the totals cannot be had: the slice is merged as it is */
    bool lost, hurried;
    bool holds_body; /* the client counts the page in hand as an answer in memory */
    enum finish_how how;
    int64_t delay_ms;
    enum chunk_fate fate;
    const char *connection_status;
    struct err why;
    struct run_state run; /* status "" until a close said it */
    int64_t started_at_ms;
};

/* job_ladder.c: asking smaller. */
void job_shape(struct job *j); /* the slice as the chunk's shape wants it */
bool job_can_shrink(const struct job *j);
void job_shrink(struct job *j); /* the last answer was too much: sets shrink and shape */
/* What the last answer says of the chunk's report, into the chunk, and what follows; sets report. */
enum report_fate job_report(struct job *j);

/* job_limits.c: ERR_LIMIT when the slice grows beyond what one may have, with the page in hand. */
int job_check_limits(const struct job *j, struct err *e);

/* Starts the operation that j->state awaits; its end comes back through job_step. */
void job_begin(struct job *j);
/* What j->state awaited ended with rc. */
void job_step(struct job *j, int rc, const struct err *e);
void job_free_chunk(struct job *j);
/* Frees the page in hand, if any. Only then may the next answer come in: the bound on answers in memory holds for their
 * rows too, however slow PostgreSQL is. */
void job_drop_page(struct job *j);
