#pragma once
struct call;
/* GET /workspaces/{ws}/runs, …/runs/{id}, …/runs/{id}/chunks, POST …/runs/{id}/cancel, GET …/coverage. */
void runs_list(struct call *c);
void run_show(struct call *c);
void run_chunks(struct call *c);
void run_end(struct call *c);
void coverage_list(struct call *c);
