#include "tests/sandbox/batch.h"
#include "tests/sandbox/graph.h"
#include "tests/sandbox/request.h"
#include "tests/sandbox/text.h"

#define ITEMS_MAX 50

static const char *text_of(const json_t *item, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(item, key));
    return text != NULL ? text : otherwise;
}

static void write_answer(struct buf *b, const struct request *item, bool with_headers)
{
    buf_addf(b, "{\"code\":%d", item->status);
    if (with_headers) {
        TEXT_LITERAL(b, ",\"headers\":[{");
        text_pair(b, "name", "Content-Type");
        text_comma(b);
        text_pair(b, "value", item->content_type);
        buf_add_char(b, '}');
        if (item->headers.len > 0)
            buf_add_char(b, ',');
        buf_add(b, item->headers.data, item->headers.len);
        buf_add_char(b, ']');
    }
    text_comma(b);
    text_pair(b, "body", buf_str(&item->body));
    buf_add_char(b, '}');
}

static void serve_item(struct request *r, const json_t *given, bool with_headers)
{
    const char *url = text_of(given, "relative_url", ""), *token = text_of(given, "access_token", NULL);
    struct request *item = request_item(r, text_of(given, "method", "GET"), url, text_of(given, "body", ""));
    bool silent = json_is_true(json_object_get(given, "omit_response_on_success"));
    if (token != NULL)
        item->token_text = arena_str(&item->arena, token);
    graph_answer(item);
    text_comma(&r->body);
    if ((item->has_fault && item->fault.kind == FAULT_NULL) || (silent && item->status == 200))
        TEXT_LITERAL(&r->body, "null");
    else
        write_answer(&r->body, item, with_headers);
    request_free(item);
}

void batch_serve(struct request *r)
{
    json_t *items = params_json(&r->params, "batch"), *item;
    const char *with_headers = params_get(&r->params, "include_headers");
    size_t i;
    if (!json_is_array(items)) {
        request_error(r, 400, 100, 0, "(#100) batch parameter must be a JSON array");
    } else if (json_array_size(items) > ITEMS_MAX) {
        request_error(r, 400, 100, 0, "Too many requests in batch message. Maximum batch size is %d", ITEMS_MAX);
    } else {
        buf_add_char(&r->body, '[');
        json_array_foreach(items, i, item)
            serve_item(r, item, with_headers == NULL || strcmp(with_headers, "false") != 0);
        buf_add_char(&r->body, ']');
    }
    json_decref(items);
}
