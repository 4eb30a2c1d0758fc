#pragma once
#include <stdint.h>
/* Pure: how long calls take under a rolling budget. */

/* Calls that were made `age_ms` ago. */
struct forecast_made {
    int64_t age_ms, calls;
};
struct forecast_scope {
    int64_t limit, window_ms; /* limit 0: none */
    const struct forecast_made *made;
    int made_count; /* oldest first */
};
/* Calls to be made: those of the high lane first, the others leave a twentieth of the window free and keep the pace. */
struct forecast_calls {
    int64_t high, others;
};
/* Milliseconds from now until the first and the last of these calls (at least one) may be made, when nobody else makes
 * any. The budget's window is a sixtieth longer than Meta's (see budget.h). */
struct forecast_wait {
    int64_t first_ms, last_ms;
};
struct forecast_wait forecast_wait(const struct forecast_scope *s, struct forecast_calls calls);
/* Both of two waits. */
struct forecast_wait forecast_both(struct forecast_wait a, struct forecast_wait b);

/* Calls that bring so many rows in one slice: a slice without rows costs one too. */
int64_t forecast_pages(int64_t rows, int64_t page_limit);
