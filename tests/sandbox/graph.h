#pragma once
#include "tests/sandbox/request.h"
/* A call to the Graph: version, faults, accounting, token, limits, then what it asks for; and the headers of the
 * answer. */
void graph_handle(struct request *r);
