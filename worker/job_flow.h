#pragma once
#include "common/base/fernet.h"
#include "common/io/http_client.h"
#include "common/provider/provider.h"
#include "common/store/queue.h"
#include "common/store/service.h"
#include <stdint.h>
/* One job from claim to acknowledgement: an explicit state machine, one job_wait, one job_step.
 *
 *   OPENING ─► FETCHING ─► PARSING ─┬─ more pages ─► STAGING ─► GRANTING ─┐
 *      ▲           ▲                └─ last page ──► MERGING ─► FINISHING  │
 *      │           └───────────────────────────────────────────────────────┘
 *      └ staged pages lost        any failure ─► PUTTING_BACK ─► FINISHING
 *
 * A listing of an account with stubs, at its last page: LISTED ─► GRANTING ─► FETCHING (a stub) … ─► MERGING.
 *
 * Facts campaign by campaign begin with such a listing.
 *
 * A slice that differs from the account's totals at MERGING: DOUBTING ─► GRANTING ─► FETCHING (totals) ─► MERGING;
 * still: REREADING ─► GRANTING ─► FETCHING (page 1) … ─► MERGING, as it is.
 *
 * An answer that is too much data: SHRINKING ─► GRANTING ─► FETCHING, the same place or page 1, a smaller question.
 *
 * A report that the provider makes: FETCHING (ask for it, or how it is) ─► PARSING ─► PUTTING_BACK, with a delay, or
 * REPORTING ─► GRANTING ─► FETCHING (its pages, or another report).
 *
 * Data goes one way: claim → fetch → parse → commit → acknowledge. Every commit is fenced by the chunk's epoch. */
struct job;

/* What all jobs of a worker share; outlives them. */
struct job_context {
    struct service *service;
    struct http_client *http;
    struct provider_config config;
    struct fernet *fernet; /* NULL when no key is set */
    const char *worker_id;
    bool stopping;                           /* hand back at the next page border */
    int64_t rows, calls;                     /* so far, all jobs */
    int64_t not_ready_at_ms;                 /* monotonic; when a setting was last found wrong */
    struct err refusal;                      /* why the provider serves none of our calls: a setting is wrong */
    int64_t refused_until_ms;                /* monotonic; no call is made until then */
    char served[16];                         /* the API version of its last answer, if not the one asked for */
    void (*ended)(struct job *j, void *arg); /* the job is gone after this */
    void *arg;
};

/* The access token that is stored as token_enc (NULL: META_ACCESS_TOKEN); the caller frees it. ERR_SETTING, ERR_CRYPTO:
 * a key or token of ours is missing, and /readyz says so for a while. */
int job_token_open(struct job_context *x, const char *token_enc, struct secret **out, struct err *e) MUST_CHECK;
/* claimed_at_ms: clk_mono_ms() when the claim was asked for; the call that came with it is good for 2 s from then. */
struct job *job_start(struct job_context *x, const struct queue_claimed *claimed, int64_t claimed_at_ms);
/* The lease went to another, or the run was cancelled: end without writing anything more. */
void job_lost(struct job *j);
/* Redis is back: a job that waited for it goes on. */
void job_redis_back(struct job *j);
/* Breaks off a call under way and hands the job back; its stored pages stay. For the end of the grace time. */
void job_hurry(struct job *j);
/* For the heartbeat; borrowed. */
const char *job_id(const struct job *j);
const char *job_token(const struct job *j);
int job_page(const struct job *j);
int64_t job_rows(const struct job *j);
