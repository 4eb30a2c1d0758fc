#pragma once
#include "worker/job_flow.h"
/* Asks the provider again for connections that lost their access (common/store/access.h), beside the jobs: one check at
 * a time, so that however many there are they hardly cost anything. Those whose access is back go on by themselves. */
struct access_watch;
/* Borrows the context, whose keys and client it shares. */
struct access_watch *access_watch_new(struct job_context *x);
void access_watch_start(struct access_watch *w);
/* Breaks off the check under way; ended(arg) once, never inside this call. Only then may the client be closed. */
void access_watch_stop(struct access_watch *w, void (*ended)(void *arg), void *arg);
void access_watch_free(struct access_watch *w);
