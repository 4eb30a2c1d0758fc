#pragma once
struct call;
/* POST /workspaces/{ws}/metrics/ingest */
void ingest(struct call *c);
