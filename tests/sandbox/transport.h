#pragma once
#include "tests/sandbox/request.h"
/* The way of an answer to its client, with what a fault does to it there. */
/* Sends r's answer after delay_ms, or what the fault leaves of it, and frees r. */
void transport_send(struct request *r, int64_t delay_ms);
