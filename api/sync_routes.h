#pragma once
struct call;
/* POST /workspaces/{ws}/connections/{id}/sync-entities, …/sync-metrics and …/forecast. */
void sync_entities(struct call *c);
void sync_metrics(struct call *c);
void sync_forecast(struct call *c);
