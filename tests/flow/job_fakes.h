#pragma once
#include "common/base/err.h"
#include "common/provider/provider.h"
#include "common/store/chunk.h"
#include "worker/job_flow.h"
#include <stdbool.h>
/* The services of a job, played by the test: each call is remembered, and the test says how it ends. At most one is
 * under way at a time; that is CHECKed. */
enum op {
    OP_NONE,
    OP_OPEN,
    OP_GRANT,
    OP_FETCH,
    OP_PARSE,
    OP_STAGE,
    OP_MERGE,
    OP_DOUBT,
    OP_REREAD,
    OP_LOOK_UP,
    OP_SHRINK,
    OP_REPORT,
    OP_PUT_BACK,
    OP_FINISH
};

/* What the job asked for last. */
struct asked {
    enum op op;
    struct call_feedback feedback; /* of GRANT and FINISH */
    enum finish_how how;           /* of FINISH */
    int64_t delay_ms;              /* of FINISH and PUT_BACK */
    enum chunk_fate fate;          /* of PUT_BACK */
    int calls;                     /* of PUT_BACK */
    bool booked;                   /* of PUT_BACK: a call that was not made */
    char connection_status[16];    /* of PUT_BACK */
    char error_code[32];           /* of FINISH */
    bool run_ended;                /* of FINISH */
    bool cancelled;                /* of FETCH */
    bool as_it_is;                 /* of MERGE */
    int rows;                      /* of STAGE, MERGE, DOUBT and LOOK_UP */
    int page_limit;                /* of FETCH */
    enum ladder_step step;         /* of SHRINK */
    struct shape shape;            /* of SHRINK */
    bool anew;                     /* of REPORT: another is made; else it is ready */
    struct chunk_report report;    /* of PUT_BACK */
};
struct fakes {
    struct asked asked;
    int grants, settled; /* calls granted, and calls that a word to the queue settled (made or refunded) */
    int bodies;          /* answers given out and not released */
    int page_rows;       /* of the next parsed page */
    const char *page_next;
    struct verdict verdict;
    bool redis_ready;
    int request_rc;               /* of making the page's request */
    int attempts;                 /* of the chunk that OPEN gives out */
    bool checking;                /* the same */
    bool stubs;                   /* the same: it lists entities, and there are stubs */
    int page;                     /* the same; 0: the first */
    int64_t rows;                 /* the same: so far */
    int days;                     /* the same; 0: one */
    struct shape shape;           /* the same */
    struct chunk_report report;   /* the same */
    enum report_word report_word; /* of the next parsed page */
    int report_percent;           /* the same */
    const char *token_enc;
};
extern struct fakes fakes;
extern const struct provider fake_provider;

void fakes_reset(void);
/* Ends what is under way with rc; `yes` is granted (GRANT), sent (FETCH), dead (PUT_BACK), stale (FINISH), run ended
 * (MERGE). */
void fakes_end(int rc, bool yes);
