#pragma once
#include "tests/sandbox/request.h"
/* A call to the Graph: version, faults, accounting, token, limits, then what it asks for; and the headers of the
 * answer. */
void graph_handle(struct request *r);
/* The answer into r, unsent: of an item of a batch. */
void graph_answer(struct request *r);
