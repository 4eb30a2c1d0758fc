#pragma once
#include <stdbool.h>
#include <stdint.h>
/* Pure: how a question is asked when the provider says that it wants too much data. Smaller pages, then fewer days,
 * then in parts, then as a report made in the background, then campaign by campaign; each way once, from the cheapest
 * on. */

enum rung { RUNG_WHOLE, RUNG_PARTS, RUNG_REPORT, RUNG_CAMPAIGNS };

/* What a chunk has come down to; zeros at first. */
struct shape {
    enum rung rung;
    int page_limit; /* 0: the settings' */
    int days_limit; /* days that were few enough, or may be, since a range was cut; 0: none was */
};

enum ladder_topic { LADDER_ENTITIES, LADDER_FACTS, LADDER_HOURS, LADDER_TOTALS };
struct ladder_question {
    enum ladder_topic topic;
    int page_limit;      /* rows that its pages are asked for */
    int days;            /* 1 for entities */
    bool reading_report; /* the report is there, its pages are being read */
};
enum ladder_step {
    LADDER_PAGE, /* go on from the same place with a smaller page */
    LADDER_CUT,  /* the newer half of the days; the older half is for another chunk */
    LADDER_RUNG, /* start again at *s's rung */
    LADDER_END   /* it cannot be had */
};
/* What comes after `q` was too much; *s, how q was asked, becomes how to ask next (after a cut: both halves). */
enum ladder_step ladder_next(const struct ladder_question *q, struct shape *s);
/* Days of the newer half. */
int ladder_newer_half(int days);
