#pragma once
#include <stdbool.h>
#include <stdint.h>
/* Faults that tests order: each strikes calls that match, after letting `skip` of them pass, `count` times. */
enum fault_kind {
    FAULT_STATUS_500, /* {"error":{"code":2}} with status 500 */
    FAULT_ERROR,      /* an error answer with the given status, code, subcode */
    FAULT_DELAY,      /* the right answer, delay_ms late */
    FAULT_DROP,       /* the connection is closed without an answer */
    FAULT_BODY,       /* `body` with the given status, whatever was asked; as HTML when it begins with < */
    FAULT_TRUNCATE,   /* the first half of the right answer, as if it were whole */
    FAULT_RESET,      /* the connection is reset in the middle of the right answer */
    FAULT_DRIP,       /* the right answer in ten pieces, a tenth of a second apart */
    FAULT_HANG,       /* no answer, and the connection stays open */
    FAULT_GZIP,       /* the right answer in gzip's wrapping */
    FAULT_SPARSE,     /* a list's page has at most a third of the rows that were asked for */
    FAULT_EMPTY_PAGE, /* a list's page has no rows, and `next` */
    FAULT_REPEAT_ROW, /* the page of insights that follows begins with the last row of this one */
    FAULT_LOOP,       /* `next` is the page that was asked for */
    FAULT_LOSE_ROWS,  /* insights below the account lack one row in fifty */
    FAULT_LOSE_DAY,   /* insights below the account lack one of their days */
    FAULT_HUGE,       /* the right answer, and 20 KiB more for each row that was asked for */
    FAULT_DEEP,       /* the right answer, and lists within each other, 10,000 deep */
    FAULT_BOMB,       /* 100 MiB of blanks, in 640 KiB of gzip */
    FAULT_MANY_ROWS,  /* a list's page has ten times the rows that were asked for */
    FAULT_ENDLESS,    /* a list's page has `next`, also when there are no rows any more */
    FAULT_KINDS
};
bool fault_kind_find(const char *name, enum fault_kind *out);

struct fault {
    enum fault_kind kind;
    char match[96];  /* a kind of call ("insights") or a part of METHOD path?after=…&time_range=…; "" matches all */
    int64_t skip;    /* matching calls to let pass first */
    int64_t count;   /* how often it strikes; -1 = always */
    int64_t percent; /* of the matching calls that are left to it */
    int64_t delay_ms; /* before the answer, whatever the kind */
    int status, code, subcode;
    char message[160], body[160];
};
#define FAULTS_MAX 64
struct faults {
    struct fault list[FAULTS_MAX];
    int count;
    int64_t struck, rolls;
};
bool faults_add(struct faults *f, const struct fault *fault); /* false when there are too many */
void faults_clear(struct faults *f);
/* The fault that strikes this call, NULL for none; borrowed until the next change. */
const struct fault *faults_take(struct faults *f, const char *kind, const char *target);
