#pragma once
#include "common/base/err.h"
#include "common/io/db.h"
#include "common/io/redis.h"
#include "common/provider/quota.h"
#include <stdbool.h>
#include <stdint.h>
struct tx;
/* The shared rate counter: calls of one scope (meta:app, meta:act_N) in a rolling window, over all workers.
 *
 * Guarantee: never more than `limit` calls in any window. The window is 61 buckets of a sixtieth of it; a granted call
 * counts as open, outside the buckets, until it is settled, and from then on for a whole window: so it does not matter
 * when within its flight the provider counts it. The server's clock only. State that is missing allows nothing:
 * budget_seed makes it from PostgreSQL's call_ledger, whose entries may count too much, never too little.
 *
 * Within the window all lanes but the high one keep a pace, so that it is not spent at once: a burst of a quarter of
 * the limit (at least 20 calls), then one each half of the mean distance that the limit allows. High calls spend the
 * burst too but never wait for it. Normal and low calls leave a twentieth of the limit to high ones.
 *
 * What the provider says of its own quota (struct quota) is never booked here. From 75 % all lanes are stretched: no
 * burst, twice the pace's distance at 80, four times at 90; from 95 one call a minute asks how it stands. Its word
 * counts for five minutes, at most a window. Blocks are kept until their end (at most a week),
 * never shortened; what does not say its end waits for a minute and more, up to an hour, longer each time that this did
 * not help. How many calls an account allowed before it refused one is its limit from then on, if that is less than
 * ours: nine tenths of it, twice as many each day, until somebody sets the account's limit. PostgreSQL remembers both
 * (provider_blocks): budget_seed tells Redis of them. */

struct budget_scope {
    char name[96]; /* "meta:act_12" */
    int64_t limit; /* calls per window; 0 = no limit of our own (blocks still count) */
    int64_t window_ms;
};
void budget_scope_account(struct budget_scope *s, const char *provider, const char *account, int64_t limit,
                          int64_t window_seconds);
void budget_scope_app(struct budget_scope *s, const char *provider, int64_t limit, int64_t window_seconds);

/* How many calls per window the account's connections allow: the least of their settings; limit -1 = none sets it. */
void budget_limit(struct db_pool *p, const char *provider, const char *account,
                  void (*done)(void *arg, int rc, int64_t limit, const struct err *e), void *arg);

/* Creates missing state from the ledger and sets limit, window and block of existing state. */
void budget_seed(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *scopes, int count,
                 void (*done)(void *arg, int rc, const struct err *e), void *arg);

/* For calls outside of jobs (account check): books one call of both scopes in the ledger, then takes it. granted false:
 * retry_ms, 0 when a budget is missing (seed it). ERR_CONFLICT: calls are held (hold.h). Settle it with budget_settle
 * when the call ended: a block that its answer told is kept in PostgreSQL too. */
void budget_take(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *account,
                 const struct budget_scope *app,
                 void (*done)(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e), void *arg);
void budget_settle(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *account,
                   const struct budget_scope *app, bool sent, const struct quota *account_said,
                   const struct quota *app_said, void (*done)(void *arg, int rc, const struct err *e), void *arg);

/* A step that keeps what an answer said of blocks; -1: it said nothing. Reading it, in the same transaction's results,
 * *q is blocked for as long as it turns out to be; *allowed: calls in a window that the scope allows, 0 = not known. */
int budget_add_block(struct tx *t, const struct budget_scope *scope, const struct quota *q);
void budget_read_block(const struct db_results *r, int step, struct quota *q, int64_t *allowed);
