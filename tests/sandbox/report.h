#pragma once
#include "tests/sandbox/reports.h"
/* One report run, and how it shows itself as a node of the Graph. */
enum report_status { /* from REPORT_JOB_COMPLETED on nothing changes any more */
                     REPORT_JOB_NOT_STARTED,
                     REPORT_JOB_STARTED,
                     REPORT_JOB_RUNNING,
                     REPORT_JOB_COMPLETED,
                     REPORT_JOB_FAILED,
                     REPORT_JOB_SKIPPED,
                     REPORT_JOB_VANISHED
};
const char *report_status_text(enum report_status s); /* Meta's word: "Job Running" */

struct report {
    char id[24];
    struct report_plan plan;
    struct arena arena; /* holds the parameters */
    struct params params;
    struct ref node;
    struct range days;
    int64_t created_ms, completed_ms; /* by the sandbox' clock */
    int64_t created_real_ms;
    int64_t polls, pages; /* answered */
    int64_t held;         /* polls that said running at 100 % */
    enum report_status status;
    int percent;
    struct insight_rows rows; /* once completed */
};

struct report_field;
#define REPORT_FIELDS_MAX 64
struct report_fields {
    const struct report_field *list[REPORT_FIELDS_MAX];
    int count;
};
/* The `fields` of a request, all when none are named; NULL when the answer is an error now. Lives in r's arena. */
const struct report_fields *report_select(struct request *r);
void report_write(struct buf *b, const struct report *p, const struct report_fields *fields);
