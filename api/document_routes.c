#include "api/document_routes.h"
#include "api/answer.h"

void openapi_show(struct call *c)
{
    answer_json(c, 200, buf_str(&c->api->openapi));
}
