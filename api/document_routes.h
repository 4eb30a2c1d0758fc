#pragma once
struct call;
/* GET /openapi.json */
void openapi_show(struct call *c);
