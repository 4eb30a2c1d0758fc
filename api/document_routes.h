#pragma once
struct call;
/* GET /openapi.json, and /docs with the files that its page wants. */
void openapi_show(struct call *c);
void docs_show(struct call *c);
