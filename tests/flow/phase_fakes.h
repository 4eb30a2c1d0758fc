#pragma once
#include "common/store/plan_store.h"
#include "scheduler/phase.h"
/* What a phase of the scheduler's tick works with, played by the test: the tick, which hears how the phase ended, and
 * the store's plans, where the test answers what was asked for. */
enum { DUE_BATCH = 500, RUN_BATCH = 50 }; /* what the phases ask for at once */

struct phase_fakes {
    int ended, ended_rc; /* how often, and how last */
    bool more;
    /* What is to be stored: as long as the phase keeps it, until stored. */
    const struct plan_due_write *due;
    const struct plan_write *plans;
    int count;
};
extern struct phase_fakes phase_fakes;

void phase_fakes_reset(void);
/* A phase_done. */
void phase_fakes_done(void *arg, int rc, const struct err *e);
/* Asserts that the phase has ended once and waits for nothing. */
void phase_fakes_over(void);
/* An error with this code, for the next answer. */
const struct err *phase_fakes_problem(int rc);

/* False: no file can be opened any more. */
void phase_fakes_descriptors(bool there_are);

/* The answers of plan_due, plan_runs, and plan_due_store or plan_store. */
void phase_fakes_answer_due(int rc, const struct plan_due *list, int count);
void phase_fakes_answer_runs(int rc, const struct plan_run *list, int count);
void phase_fakes_stored(int rc);
