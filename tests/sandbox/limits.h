#pragma once
#include "common/base/buf.h"
#include "tests/sandbox/calls.h"
#include <stdbool.h>
/* Meta's rate limits of one (app, ad account) and of the app, counted in real time. Refused calls count too, so
 * hammering keeps the door shut. */
struct limits_config {
    int64_t speed; /* times as fast as Meta's: windows and blocks are so much shorter, and told in fractions */
    bool development_tier;
    bool omit_headers;
    int64_t calls, window_ms;         /* calls > 0: this quota per account instead of Meta's formulas */
    int64_t app_calls, app_window_ms; /* app_calls 0: unlimited */
    int64_t score_max, score_window_ms, score_block_ms; /* 0: the tier's */
    bool score_error_613; /* the score's refusals come as 613/1487742 instead of 17/2446079 */
};

/* A block that a test orders: it begins with a call, and anew with each call in it. */
struct block {
    int status, code, subcode;
    int64_t ms, until_ms;
    int64_t after; /* calls that pass before it begins */
    bool pending;  /* it has not begun */
    bool silent;   /* no header tells how long it lasts */
};

struct account_limits {
    struct calls calls;
    int user_errors;
    int64_t score_blocked_until_ms;
    struct block block;
};

enum limit {
    LIMIT_NONE,
    LIMIT_APP,
    LIMIT_APP_BLOCK,
    LIMIT_BLOCK,
    LIMIT_INSIGHTS,
    LIMIT_MANAGEMENT,
    LIMIT_SCORE,
    LIMIT_SCORE_613
};

/* After the call was logged: may it be served? account NULL: only the app's quota applies. */
enum limit limits_check(const struct limits_config *c, const struct calls *app, struct block *app_block,
                        struct account_limits *account, enum call_kind kind, int active_ads, int64_t now_ms);

/* The usage headers of an answer, as name and JSON text. account_number 0: only the app's. */
struct limits_header {
    const char *name;
    struct buf value;
};
#define LIMITS_HEADERS 4
/* Fills up to LIMITS_HEADERS; the caller frees the values. Returns how many. */
int limits_headers(const struct limits_config *c, const struct calls *app, const struct account_limits *account,
                   int account_number, enum call_kind kind, int active_ads, int64_t now_ms,
                   struct limits_header out[LIMITS_HEADERS]);
