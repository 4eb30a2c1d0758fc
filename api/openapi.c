#include "api/openapi.h"
#include "api/route.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_BYTES_MAX = 1 << 20 };

static json_t *reference(const char *schema)
{
    char *ref = str_printf("#/components/schemas/%s", schema);
    json_t *json = json_pack("{s:s}", "$ref", ref);
    free(ref);
    return json;
}

static json_t *content(const char *type, const char *schema)
{
    return json_pack("{s:{s:o}}", type, "schema", reference(schema));
}

static json_t *words_of(const char *words)
{
    json_t *list = json_array();

    for (const char *at = words; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        (void)json_array_append_new(list, json_stringn(at, strcspn(at, ",")));
    }
    return list;
}

static json_t *param_schema(const struct param *p)
{
    switch (p->kind) {
    case PARAM_UUID:
        return json_pack("{s:s, s:s}", "type", "string", "format", "uuid");
    case PARAM_DATE:
        return json_pack("{s:s, s:s}", "type", "string", "format", "date");
    case PARAM_INT:
        return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)p->min, "maximum",
                         (json_int_t)p->max);
    case PARAM_WORD:
        return json_pack("{s:s, s:o}", "type", "string", "enum", words_of(p->words));
    case PARAM_TEXT:
        break;
    }
    json_t *text = json_pack("{s:s}", "type", "string");
    if (p->max > 0)
        (void)json_object_set_new(text, "maxLength", json_integer(p->max));
    return text;
}

static json_t *parameter(const char *where, const char *name, const char *about, bool required, json_t *schema)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:o}", "name", name, "in", where, "description", about, "required", required,
                     "schema", schema);
}

static json_t *parameters(const struct route *r)
{
    json_t *list = json_array();

    if (strstr(r->path, "{ws}") != NULL)
        (void)json_array_append_new(list, parameter("path", "ws", "the workspace", true,
                                                    json_pack("{s:s, s:s}", "type", "string", "format", "uuid")));
    if (strstr(r->path, "{id}") != NULL)
        (void)json_array_append_new(list, parameter("path", "id", "of the thing asked for", true,
                                                    json_pack("{s:s, s:s}", "type", "string", "format", "uuid")));
    for (const struct param *p = r->params; p != NULL && p->name != NULL; p++)
        (void)json_array_append_new(list, parameter("query", p->name, p->about, p->required, param_schema(p)));
    if (r->header != NULL)
        (void)json_array_append_new(
            list, parameter("header", r->header, r->header_about, false, json_pack("{s:s}", "type", "string")));
    return list;
}

/* Also as this media type, without a schema; NULL: not. */
static void add_media(json_t *response, const char *media)
{
    json_t *types = json_object_get(response, "content");

    if (media == NULL)
        return;
    if (types == NULL) {
        types = json_object();
        (void)json_object_set_new(response, "content", types);
    }
    (void)json_object_set_new(types, media, json_pack("{s:{}}", "schema"));
}

static void add_response(json_t *all, int status, const char *about, const char *schema, const char *media)
{
    char key[16];
    json_t *response = json_pack("{s:s}", "description", about);

    if (schema != NULL)
        (void)json_object_set_new(response, "content", content("application/json", schema));
    add_media(response, media);
    (void)snprintf(key, sizeof key, "%d", status);
    (void)json_object_set_new(all, key, response);
}

static json_t *responses(const struct route *r)
{
    json_t *problem = content("application/problem+json", "Problem");
    json_t *all = json_pack("{s:{s:s, s:O}}", "default", "description", "what went wrong", "content", problem);

    add_response(all, r->status, r->summary, r->answer, r->pages && r->answer != NULL ? "text/html" : r->media);
    if (r->also != 0)
        add_response(all, r->also, "not done, or not yet", r->also_answer, NULL);
    if (r->also >= 400) { /* the same status is a problem too */
        char key[16];
        (void)snprintf(key, sizeof key, "%d", r->also);
        (void)json_object_update(json_object_get(json_object_get(all, key), "content"), problem);
    }
    json_decref(problem);
    if (r->pages)
        add_media(json_object_get(all, "default"), "text/html");
    return all;
}

/* "/workspaces/{ws}/runs/{id}/cancel" of POST: post_workspaces_ws_runs_id_cancel. */
static json_t *operation_id(const struct route *r)
{
    char *id = str_printf("%s%s", r->method, r->path);
    char *to = id;
    json_t *json;

    for (const char *from = id; *from != '\0'; from++) {
        if (*from >= 'A' && *from <= 'Z')
            *to++ = (char)(*from - 'A' + 'a');
        else if (*from == '/' || *from == '-' || *from == '.')
            *to++ = '_';
        else if (*from != '{' && *from != '}')
            *to++ = *from;
    }
    json = json_stringn(id, (size_t)(to - id));
    free(id);
    return json;
}

static json_t *operation(const struct route *r)
{
    json_t *op = json_pack("{s:o, s:s, s:o, s:o}", "operationId", operation_id(r), "summary", r->summary, "parameters",
                           parameters(r), "responses", responses(r));

    if (r->body != NULL)
        (void)json_object_set_new(
            op, "requestBody",
            json_pack("{s:b, s:o}", "required", !r->body_optional, "content", content("application/json", r->body)));
    if (r->scope == SCOPE_OPEN)
        (void)json_object_set_new(op, "security", json_array());
    return op;
}

static json_t *paths(void)
{
    size_t count;
    const struct route *all = routes_all(&count);
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++) {
        json_t *methods = json_object_get(object, all[i].path);
        char method[8] = "";
        if (methods == NULL) {
            methods = json_object();
            (void)json_object_set_new(object, all[i].path, methods);
        }
        for (size_t k = 0; all[i].method[k] != '\0'; k++)
            method[k] = (char)(all[i].method[k] - 'A' + 'a');
        (void)json_object_set_new(methods, method, operation(&all[i]));
    }
    return object;
}

void openapi_write(const struct schemas *s, const char *public_url, struct buf *out)
{
    json_t *document =
        json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:[{s:[]}, {s:[]}], s:o, s:{s:O, s:{s:{s:s, s:s, s:s}, s:{s:s, "
                  "s:s, s:s}}}}",
                  "openapi", "3.1.0", "info", "title", "metricx-sync", "version", METRICX_VERSION, "description",
                  "Mirrors ad accounts into PostgreSQL: start syncs, bring facts of your own, watch, read.", "servers",
                  "url", public_url, "security", "bearer", "cookie", "paths", paths(), "components", "schemas",
                  schemas_all(s), "securitySchemes", "bearer", "type", "http", "scheme", "bearer", "bearerFormat",
                  "JWT", "cookie", "type", "apiKey", "in", "cookie", "name", "access_token");
    char *text = json_dumps(document, JSON_COMPACT);

    CHECK(text != NULL);
    buf_init(out, DOCUMENT_BYTES_MAX);
    buf_add_str(out, text);
    CHECK(!out->overflow);
    free(text);
    json_decref(document);
}
