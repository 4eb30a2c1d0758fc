#pragma once
struct call;
/* GET /workspaces/{ws}/runs and what lies below. */
void runs_list(struct call *c);
void run_show(struct call *c);
