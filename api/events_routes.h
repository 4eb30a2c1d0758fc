#pragma once
#include "api/api.h"
struct call;
/* GET /workspaces/{ws}/events: a stream that begins with the present state of open runs and connections, then their
 * changes. */
void events_stream(struct call *c);
void events_end_all(struct api *a); /* the server stops */
