#pragma once
#include "common/base/err.h"
#include "common/store/service.h"
/* Looks after the stored tokens, beside the ticks: asks the provider daily how each stands, takes a younger one for
 * those that end within a week, and says so of those that it refuses. One token at a time, each call out of the budget;
 * what fails is tried again an hour later. Without TOKEN_ENCRYPTION_KEY, META_APP_ID and META_APP_SECRET it does
 * nothing. */
struct token_keeper;
/* Borrows the service. ERR_SETTING: a key that is none. */
int token_keeper_new(struct service *s, struct token_keeper **out, struct err *e) MUST_CHECK;
/* Begins to look at a token that is due, unless it still looks at one. For who leads, after each tick. */
void token_keeper_turn(struct token_keeper *k);
/* Breaks off the call under way; stopped(arg) once, later. Nothing after this but token_keeper_free(). */
void token_keeper_stop(struct token_keeper *k, void (*stopped)(void *arg), void *arg);
void token_keeper_free(struct token_keeper *k); /* accepts NULL */
