#include "api/answer.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/io/http_stream.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 64 << 20 };

static const char inside_words[] = "something went wrong inside; the log knows more under this request's id";

static const char media_json[] = "application/json; charset=utf-8", media_problem[] = "application/problem+json";

#define NOTHING_POLICY "default-src 'none'; frame-ancestors 'none'"

static void set_headers(struct call *c, const char *policy)
{
    static const char *const always[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "no-store"},
    };
    http_reply_header(c->x, "X-Request-Id", c->request_id);
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        http_reply_header(c->x, always[i][0], always[i][1]);
    http_reply_header(c->x, "Content-Security-Policy", policy);
    if (str_starts(c->api->service->settings->public_url, "https:"))
        http_reply_header(c->x, "Strict-Transport-Security", "max-age=31536000");
}

static void note(const struct call *c, int status, size_t len, const struct err *e)
{
    const struct err none = {0};
    const struct log_field fields[] = {F_STR("id", c->request_id),
                                       F_STR("method", http_method(c->x)),
                                       F_STR("route", c->route ? c->route->path : ""),
                                       F_STR("workspace", c->ws),
                                       F_STR("sub", c->caller.sub),
                                       F_INT("status", status),
                                       F_INT("ms", clk_mono_ms() - c->started_ms),
                                       F_INT("bytes", len),
                                       F_ERR(e ? e : &none),
                                       LOG_END};

    log_event(status >= 500 ? LOG_ERROR : LOG_INFO, "request", fields);
    metric_add(M_API_REQUESTS, 1);
    metric_add(status >= 500 ? M_API_FAILED : status >= 400 ? M_API_REFUSED : M_API_SERVED, 1);
}

static void end(struct call *c, int status, const char *type, const char *body, size_t len, const struct err *e)
{
    set_headers(c, NOTHING_POLICY);
    note(c, status, len, e);
    http_reply(c->x, status, type, body, len);
    call_free(c);
}

struct http_stream *answer_stream(struct call *c, const char *content_type, size_t pending_max, void (*gone)(void *arg),
                                  void *arg)
{
    set_headers(c, NOTHING_POLICY);
    http_reply_header(c->x, "X-Accel-Buffering", "no"); /* nginx before us would hold events back */
    note(c, 200, 0, NULL);
    struct http_stream *s = http_stream_open(c->x, content_type, pending_max, gone, arg);
    call_free(c);
    return s;
}

void answer_page(struct call *c, const char *content_type, const char *policy, const void *bytes, size_t len)
{
    set_headers(c, policy);
    note(c, 200, len, NULL);
    http_reply_lasting(c->x, 200, content_type, bytes, len);
    call_free(c);
}

void answer_json(struct call *c, int status, const char *text)
{
    end(c, status, media_json, text, strlen(text), NULL);
}

void answer_buf(struct call *c, int status, struct buf *json)
{
    if (json->overflow) {
        struct err e;
        (void)err_set(&e, ERR_LIMIT, "the answer would be larger than %zu bytes; ask for less at once", json->max);
        answer_err(c, &e);
    } else {
        end(c, status, media_json, buf_str(json), json->len, NULL);
    }
    buf_free(json);
}

void answer_object(struct call *c, int status, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);

    CHECK(text != NULL);
    json_decref(object);
    answer_json(c, status, text);
    free(text);
}

void answer_nothing(struct call *c, int status)
{
    end(c, status, NULL, "", 0, NULL);
}

static void add_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("<>&\"'", *text) != NULL)
            buf_addf(out, "&#%d;", *text);
        else
            buf_add_char(out, *text);
    }
}

void answer_words(struct call *c, int status, const char *title, const struct err *e)
{
    struct buf page;

    buf_init(&page, ANSWER_BYTES_MAX);
    buf_addf(&page,
             "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s - metricx</title></head>"
             "<body><main><h1>%s</h1><p id=\"state\">",
             title, title);
    add_escaped(&page, status == 500 ? inside_words : e->text);
    buf_add_str(&page, "</p></main></body></html>");
    end(c, status, "text/html; charset=utf-8", buf_str(&page), page.len, e);
    buf_free(&page);
}

void answer_items(struct call *c, const char *const *rows, int count, const char *next)
{
    struct buf b;

    buf_init(&b, ANSWER_BYTES_MAX);
    buf_add_str(&b, "{\"items\":[");
    for (int i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(&b, ',');
        buf_add_str(&b, rows[i]);
    }
    buf_add_str(&b, "],\"next_cursor\":");
    if (next != NULL)
        buf_add_json(&b, next);
    else
        buf_add_str(&b, "null");
    buf_add_char(&b, '}');
    answer_buf(c, 200, &b);
}

/* --- problems --- */

int answer_status(int rc)
{
    static const struct {
        int rc, status;
    } table[] = {
        {ERR_UNAUTHORIZED, 401}, {ERR_FORBIDDEN, 403}, {ERR_NOT_FOUND, 404}, {ERR_METHOD, 405},
        {ERR_CONFLICT, 409},     {ERR_GONE, 409},      {ERR_TOO_LARGE, 413}, {ERR_INPUT, 422},
        {ERR_LIMIT, 422},        {ERR_BUSY, 429},      {ERR_DB_AWAY, 503},   {ERR_REDIS_AWAY, 503},
        {ERR_TIMEOUT, 503},      {ERR_CANCELED, 503},  {ERR_NO_MEMORY, 503}, {ERR_THROTTLED, 503},
        {ERR_NETWORK, 502},      {ERR_ANSWER, 502},    {ERR_TRANSIENT, 502}, {ERR_NO_ACCESS, 422},
        {ERR_NEEDS_REAUTH, 422},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].rc == rc)
            return table[i].status;
    return 500;
}

static const char *title_of(int status)
{
    static const struct {
        int status;
        const char *title;
    } table[] = {
        {400, "Bad Request"},         {401, "Unauthorized"},           {403, "Forbidden"},
        {404, "Not Found"},           {405, "Method Not Allowed"},     {409, "Conflict"},
        {413, "Content Too Large"},   {415, "Unsupported Media Type"}, {422, "Unprocessable Content"},
        {429, "Too Many Requests"},   {500, "Internal Server Error"},  {502, "Bad Gateway"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].status == status)
            return table[i].title;
    return "Error";
}

/* What is sent is at fault as a whole, and not shown: it may be anything. */
static json_t *whole(const char *message)
{
    struct field_errors errors = {NULL};

    field_error(&errors, "", NULL, "%s", message);
    return errors.list;
}

/* Takes the reference of errors. */
static void problem(struct call *c, int status, const struct err *e, json_t *errors)
{
    const char *detail = status == 500 ? inside_words : e->text;
    json_t *p = json_pack("{s:s, s:i, s:s, s:s, s:s}", "title", title_of(status), "status", status, "detail", detail,
                          "code", status == 500 ? err_name(ERR_BUG) : err_name(e->rc), "request_id", c->request_id);
    char *text;

    CHECK(p != NULL);
    if (errors == NULL && (status == 400 || e->rc == ERR_INPUT))
        errors = whole(e->text);
    if (errors != NULL)
        (void)json_object_set_new(p, "errors", errors);
    text = json_dumps(p, JSON_COMPACT);
    CHECK(text != NULL);
    json_decref(p);
    if (status == 401)
        http_reply_header(c->x, "WWW-Authenticate", "Bearer");
    if (status == 503)
        http_reply_header(c->x, "Retry-After", "1");
    end(c, status, media_problem, text, strlen(text), e);
    free(text);
}

void answer_problem(struct call *c, int status, const struct err *e)
{
    problem(c, status, e, NULL);
}

void answer_no_json(struct call *c, struct err *e)
{
    if (e->rc == ERR_NO_MEMORY) {
        answer_err(c, e);
        return;
    }
    (void)err_wrap(e, "the body is no JSON");
    problem(c, 400, e, NULL);
}

void answer_fields(struct call *c, int status, struct field_errors *f)
{
    json_t *list = f->list;
    const json_t *first = json_array_get(list, 0);
    struct err e;

    const char *field = json_string_value(json_object_get(first, "field"));

    (void)err_set(&e, ERR_INPUT, "%s%s%s", *field != '\0' ? field : "the body", *field != '\0' ? ": " : " ",
                  json_string_value(json_object_get(first, "message")));
    f->list = NULL; /* f may be gone with the call */
    problem(c, status, &e, list);
}

/* What is at fault as it was sent: a parameter, a member of the body or one of its settings. */
static json_t *value_of(const struct call *c, const char *name)
{
    const char *param = call_param(c, name);
    json_t *member = json_object_get(c->body, name);

    if (member == NULL)
        member = json_object_get(json_object_get(c->body, "settings"), name);
    return param != NULL ? json_string(param) : json_incref(member);
}

/* The store says of bad input "field: why". */
void answer_err(struct call *c, const struct err *e)
{
    const size_t len = strspn(e->text, "abcdefghijklmnopqrstuvwxyz_");
    struct field_errors errors = {NULL};
    char field[64];

    if (e->rc != ERR_INPUT || len == 0 || len >= sizeof field || !str_starts(e->text + len, ": ")) {
        problem(c, answer_status(e->rc), e, NULL);
        return;
    }
    (void)snprintf(field, sizeof field, "%.*s", (int)len, e->text);
    json_t *value = value_of(c, field);
    field_error(&errors, field, value, "%s", e->text + len + 2);
    json_decref(value);
    answer_fields(c, 422, &errors);
}
