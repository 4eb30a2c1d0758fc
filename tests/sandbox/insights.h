#pragma once
#include "tests/sandbox/request.h"
/* GET /{node}/insights, answered at once: every level, days or longer buckets, fields, filters, attribution windows. */
void insights_edge(struct request *r);
