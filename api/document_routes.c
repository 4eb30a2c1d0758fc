#include "api/document_routes.h"
#include "api/answer.h"
#include "common/base/check.h"
#include <string.h>

/* Swagger UI sets styles in its elements. */
static const char docs_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'";

void openapi_show(struct call *c)
{
    answer_json(c, 200, buf_str(&c->api->openapi));
}

extern const unsigned char page_docs[], page_docs_start[], page_docs_script[], page_docs_style[];
extern const size_t page_docs_len, page_docs_start_len, page_docs_script_len, page_docs_style_len;

void docs_show(struct call *c)
{
    const struct {
        const char *path, *type;
        const unsigned char *bytes;
        size_t len;
    } files[] = {
        {"/docs", "text/html; charset=utf-8", page_docs, page_docs_len},
        {"/docs/start.js", "text/javascript; charset=utf-8", page_docs_start, page_docs_start_len},
        {"/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", page_docs_script, page_docs_script_len},
        {"/docs/swagger-ui.css", "text/css; charset=utf-8", page_docs_style, page_docs_style_len},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(files[i].path, c->route->path) == 0) {
            answer_page(c, files[i].type, docs_policy, files[i].bytes, files[i].len);
            return;
        }
    }
    CHECK(!"a path of the table that has no file");
}
