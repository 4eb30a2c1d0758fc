#pragma once
struct call;
/* /ops, for operators of the whole installation. */
void ops_status(struct call *c);
void ops_dead_list(struct call *c);
void ops_dead_retry(struct call *c);
void ops_dead_drop(struct call *c);
