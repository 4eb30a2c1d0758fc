#pragma once
#include "common/base/err.h"
#include "common/base/id.h"
#include "common/store/service.h"
#include <stdbool.h>
/* The parts of a tick. Each starts, does a bounded amount of work, and says once how it ended; *more is set when work
 * was left over, so that the next tick follows at once: nobody's sync waits until thousands of others are planned. */
typedef void (*phase_done)(void *arg, int rc, const struct err *e);

/* Scheduled syncs whose time has come become runs; due_flow.c */
void due_flow_start(struct service *s, bool *more, phase_done done, void *arg);

/* Runs become chunks; the ids of those planned are added to the list; planning_flow.c */
struct run_ids {
    char (*ids)[UUID_TEXT];
    int count, room;
};
void run_ids_add(struct run_ids *list, const char *id);
void run_ids_clear(struct run_ids *list);
void planning_flow_start(struct service *s, struct run_ids *planned, bool *more, phase_done done, void *arg);

/* Requests that outsiders pushed become runs, or are rejected with the reason; requests_flow.c */
void requests_flow_start(struct service *s, bool *more, phase_done done, void *arg);

/* Open chunks without a job in Redis get one: those of the given runs, or (NULL) all; enqueue_flow.c */
void enqueue_flow_start(struct service *s, const struct run_ids *runs, phase_done done, void *arg);

/* What was deleted is removed, a bounded step of it; removal_flow.c */
void removal_flow_start(struct service *s, bool *more, phase_done done, void *arg);

/* Runs and connections that changed are told in :run:<id> and on :events, before their jobs can be; news_flow.c */
void news_flow_start(struct service *s, bool *more, phase_done done, void *arg);
