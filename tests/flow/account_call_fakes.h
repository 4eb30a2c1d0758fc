#pragma once
#include "common/io/loop.h"
#include <stdbool.h>
#include <stdint.h>
/* What a call for an account runs on, played for its tests: every operation ends on a later turn, as the script says.
 */
enum { STEPS_MAX = 16, LOG_BYTES = 4000 };

struct account_call_fakes {
    struct {
        int rc;     /* of the transfer */
        int status; /* of the answer */
        const char *body;
    } answers[STEPS_MAX];
    int answered;
    int budget_missing; /* so many takes find no budget */
    int64_t refuse_ms;  /* the budget says no for so long */
    int limit_rc, seed_rc, settle_rc;
    int64_t limit;       /* of the account's connections; 0 = none sets one */
    int bodies;          /* taken and not released */
    bool canceled;       /* the transfer under way */
    char log[LOG_BYTES]; /* what was asked of the services, in order */
};
extern struct account_call_fakes play;

void play_reset(void);
/* Adds to the log. */
void play_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends so many of the operations under way, those that they start among them. */
void play_turns(int turns);
/* Ends all. */
void play_to_the_end(void);
