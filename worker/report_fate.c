#include "worker/report_fate.h"

enum { MADE_MAX = 3, UNSEEN_S_MAX = 120, STILL_S_MAX = 1800, DELAY_MS = 5000, DELAY_MS_MAX = 60000 };

enum report_fate report_fate_of(const struct report_facts *f, enum report_word word)
{
    if (word == REPORT_READY)
        return REPORT_READ;
    if (word != REPORT_LOST && f->still_s < STILL_S_MAX && (word != REPORT_UNSEEN || f->age_s < UNSEEN_S_MAX))
        return REPORT_WAIT;
    return f->made < MADE_MAX ? REPORT_ANEW : REPORT_GIVE_UP;
}

int64_t report_delay_ms(int polls)
{
    const int64_t delay_ms = polls < 4 ? (int64_t)DELAY_MS << polls : DELAY_MS_MAX;
    return delay_ms < DELAY_MS_MAX ? delay_ms : DELAY_MS_MAX;
}
