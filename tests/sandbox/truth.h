#pragma once
#include "tests/sandbox/request.h"
/* What a right sync must have stored, from the world itself and not by way of what the Graph answers: every object and
 * every (ad, day) in the words of our own tables. */
void truth_write(struct buf *b, struct account *a, date_t from, date_t to, bool hourly, int64_t now_ms);
