#pragma once
#include <stdbool.h>
#include <stdint.h>
/* The log of calls, of one ad account or of the whole app: what the limits count and what tests ask for. Real time. */
enum call_kind { CALL_INSIGHTS, CALL_ENTITIES, CALL_ACCOUNT, CALL_OTHER, CALL_KINDS };
extern const char *const call_kind_names[CALL_KINDS];

struct call {
    int64_t at_ms;
    uint64_t query; /* the same for the same question, cursor included */
    int status;     /* of the answer; 0 while it is being made */
    enum { CALL_SERVED, CALL_REFUSED, CALL_REFUSED_TO_APP } refused; /* by a limit of the account, of the app */
    enum call_kind kind;
};
struct calls {
    struct call *list; /* by time */
    int count, room;
};
void calls_free(struct calls *c);
int calls_add(struct calls *c, const struct call *call); /* its index */
/* Calls of a kind (CALL_KINDS: any) in the window that ends now. */
int calls_in_window(const struct calls *c, enum call_kind kind, int64_t now_ms, int64_t window_ms);
/* The largest number of calls that any window of this length held. */
int calls_max_in_window(const struct calls *c, int64_t window_ms);
/* Blocks of the account (of the app) that calls met: rows of calls that were refused. */
struct blocks_met {
    int count, calls; /* calls: that were refused */
    int in_block;     /* calls later than told_ms after the first one of their row: who made them knew of the block */
};
struct blocks_met calls_blocks(const struct calls *c, bool of_app, int64_t told_ms);
/* When the window will hold fewer than `quota` calls of a kind, if none is made until then. */
int64_t calls_free_at(const struct calls *c, enum call_kind kind, int quota, int64_t now_ms, int64_t window_ms);
