#pragma once
#include <stdbool.h>
#include <stdint.h>
/* How often each caller may ask: a bucket of tokens for each, by its sub or address; memory is bounded, the one silent
 * for longest is forgotten first. */
struct callers;
enum { CALLER_BURST = 1000, CALLER_PER_SECOND = 500 };
struct callers *callers_new(int64_t burst, int64_t per_second);
void callers_free(struct callers *c);
/* Takes one; 0 when it may, else the seconds after which it may again. */
int callers_take(struct callers *c, const char *who, int64_t now_ms);
