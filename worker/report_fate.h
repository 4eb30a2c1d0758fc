#pragma once
#include "common/provider/provider.h"
#include <stdint.h>
/* Pure: what becomes of a chunk whose facts the provider makes a report of. */
struct report_facts {
    int made;        /* reports so far, this one included */
    int polls;       /* of this one */
    int64_t age_s;   /* of this one */
    int64_t still_s; /* since it last went on */
};
enum report_fate {
    REPORT_WAIT, /* look again in report_delay_ms */
    REPORT_READ,
    REPORT_ANEW,   /* ask for another */
    REPORT_GIVE_UP /* reports do not help */
};
/* word: PENDING, READY, UNSEEN or LOST. */
enum report_fate report_fate_of(const struct report_facts *f, enum report_word word);
/* Until the look after so many: 5 s, then longer, at most a minute. */
int64_t report_delay_ms(int polls);
