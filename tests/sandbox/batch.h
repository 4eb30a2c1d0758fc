#pragma once
/* Many calls in one POST (S27): answered in their order, each a call of its own for the limits and for faults. */
struct request;
void batch_serve(struct request *r);
