#pragma once
#include "tests/sandbox/request.h"
/* /sandbox/…: what tests use to move the clock, change the world, order faults and learn the truth. No token, no
 * limits. */
void control_handle(struct request *r);
