#pragma once
#include "common/base/arena.h"
#include "tests/sandbox/insights.h"
/* Report runs: insights asked for by POST, made in the background, fetched when completed (S23 to S26). Each goes
 * through Meta's states as its plan says; tests set the plan of the runs to come. */
#define REPORT_OUTCOMES_TABLE(X)                                                                                       \
    X(COMPLETED, "completed")                                                                                          \
    X(EMPTY, "empty") /* completed, but without its rows */                                                            \
    X(GONE, "gone")   /* completed, and vanished after its first page */                                               \
    X(FAILED, "failed")                                                                                                \
    X(SKIPPED, "skipped")                                                                                              \
    X(STUCK, "stuck") /* stays as it is for ever */                                                                    \
    X(VANISHED, "vanished")
enum report_outcome {
#define X(name, text) REPORT_##name,
    REPORT_OUTCOMES_TABLE(X)
#undef X
        REPORT_OUTCOMES
};
bool report_outcome_find(const char *name, enum report_outcome *out);

struct report_plan {
    int64_t polls, ms; /* done after so many polls and, in real time, so many milliseconds */
    int64_t hold;      /* polls that still say "Job Running" at 100 % */
    int64_t unseen_ms; /* real time after the POST in which the run is not found */
    enum report_outcome outcome;
    int percent;                   /* at which an outcome that is no completion sets in */
    int error_code, error_subcode; /* of a failed run */
    char error_message[160];
    int64_t count; /* of the runs to come; -1: all */
};
#define REPORT_PLANS_MAX 16
extern const struct report_plan report_plan_usual;

struct report;
struct reports {
    struct report **list; /* in the order of their making */
    int count, room;
    int64_t made, polls, pages;                 /* runs that were made, and what was asked of them */
    struct report_plan plans[REPORT_PLANS_MAX]; /* of the runs to come, one after the other, then the usual one */
    int plan_count;
};
struct reports *reports_new(void);
void reports_free(struct reports *all);                                 /* NULL is fine */
struct report *reports_find(const struct reports *all, const char *id); /* NULL when there is none */
struct account *report_account(const struct report *p);
/* For the runs to come, or for those behind the ones that were ordered already; false when there are too many. */
bool reports_order(struct reports *all, const struct report_plan *plan, bool behind);
/* [{"id":…,"account":…,"status":…,"percent":…,"polls":…,"pages":…,"rows":…}] for tests; rows null until completed. */
void reports_write(struct buf *b, const struct reports *all);

void reports_create(struct request *r); /* POST …/insights */
void report_node(struct request *r);    /* GET of r->report: a poll */
void report_rows(struct request *r);    /* GET of its /insights: a page */
void report_delete(struct request *r);
