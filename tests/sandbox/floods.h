#pragma once
#include "tests/sandbox/request.h"
/* Answers that are more than anybody wants: what FAULT_HUGE, FAULT_DEEP and FAULT_BOMB make of the right one. */
void flood(struct request *r);
