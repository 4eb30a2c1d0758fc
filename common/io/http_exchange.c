#include "common/io/http_exchange.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REPLY_HEADERS_MAX = 16 * 1024 };

struct measure {
    size_t pairs, bytes;
};

static enum MHD_Result measure_pair(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                    const char *value, size_t value_len)
{
    struct measure *m = arg;
    (void)kind, (void)name, (void)value;
    m->pairs++;
    m->bytes += name_len + value_len + 2;
    return MHD_YES;
}

struct filler {
    struct http_exchange *x;
    char *at;
};

static const char *put_text(struct filler *f, const char *text, size_t len)
{
    char *start = f->at;
    if (len)
        memcpy(start, text, len);
    start[len] = '\0';
    f->at += len + 1;
    f->x->malformed |= strlen(start) != len;
    return start;
}

static enum MHD_Result put_pair(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                const char *value, size_t value_len)
{
    struct filler *f = arg;
    struct http_pair *p = &f->x->pairs[f->x->pair_count++];
    p->kind = kind;
    p->name = put_text(f, name, name_len);
    p->value = put_text(f, value, value_len);
    return MHD_YES;
}

/* A copy, since the handler may still owe its answer when the connection is long gone. */
struct http_exchange *http_exchange_new(struct MHD_Connection *connection, const char *method, const char *path,
                                        size_t body_bytes_max)
{
    const enum MHD_ValueKind kinds = MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND;
    struct measure m = {0, strlen(method) + strlen(path) + 2};
    MHD_get_connection_values_n(connection, kinds, measure_pair, &m);

    struct http_exchange *x = mem_new(1, sizeof *x + m.pairs * sizeof(struct http_pair) + m.bytes);
    struct filler f = {x, (char *)&x->pairs[m.pairs]};
    x->method = put_text(&f, method, strlen(method));
    x->path = put_text(&f, path, strlen(path));
    MHD_get_connection_values_n(connection, kinds, put_pair, &f);
    x->connection = connection;
    buf_init(&x->body, body_bytes_max);
    buf_init(&x->headers, REPLY_HEADERS_MAX);
    return x;
}

void http_exchange_free(struct http_exchange *x)
{
    if (x->response)
        MHD_destroy_response(x->response);
    buf_free(&x->body);
    buf_free(&x->headers);
    free(x);
}

static bool is_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("!#$%&'*+-.^_`|~", *text))
            return false;
    return true;
}

bool http_framing_is_sound(const struct http_exchange *x, const char *version)
{
    int framings = 0, hosts = 0;

    if (x->malformed)
        return false;
    for (size_t i = 0; i < x->pair_count; i++) {
        const struct http_pair *p = &x->pairs[i];
        if (p->kind != MHD_HEADER_KIND)
            continue;
        if (!is_token(p->name))
            return false;
        if (strcasecmp(p->name, "Content-Length") == 0) {
            framings++;
        } else if (strcasecmp(p->name, "Host") == 0) {
            hosts++;
        } else if (strcasecmp(p->name, "Transfer-Encoding") == 0) {
            framings++;
            if (strcasecmp(p->value, "chunked") != 0 || strcmp(version, "HTTP/1.1") != 0)
                return false;
        }
    }
    return framings <= 1 && hosts <= 1;
}

void http_exchange_respond(struct http_exchange *x, int status, const char *content_type, const struct http_bytes *body,
                           bool last)
{
    const enum MHD_ResponseMemoryMode mode = body->lasting ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY;

    /* The parameter lacks its const only for MHD's other modes, in which it frees the bytes. */
    http_exchange_set_response(x, status, content_type,
                               MHD_create_response_from_buffer(body->len, (void *)(uintptr_t)body->bytes, mode), last);
}

void http_exchange_set_response(struct http_exchange *x, int status, const char *content_type,
                                struct MHD_Response *response, bool last)
{
    x->response = response;
    if (!response)
        return;
    CHECK(status >= 200 && status <= 599);
    x->status = (unsigned)status;
    if (content_type)
        MHD_add_response_header(x->response, "Content-Type", content_type);
    if (last)
        MHD_add_response_header(x->response, "Connection", "close");
    for (const char *p = buf_str(&x->headers), *end = p + x->headers.len; p < end;) {
        const char *value = p + strlen(p) + 1;
        MHD_add_response_header(x->response, p, value);
        p = value + strlen(value) + 1;
    }
}

void http_reply_header(struct http_exchange *x, const char *name, const char *value)
{
    CHECK(!x->ended);
    buf_add(&x->headers, name, strlen(name) + 1);
    buf_add(&x->headers, value, strlen(value) + 1);
    CHECK(!x->headers.overflow);
}

const char *http_method(const struct http_exchange *x)
{
    return x->method;
}

const char *http_path(const struct http_exchange *x)
{
    return x->path;
}

const char *http_query(const struct http_exchange *x, const char *name)
{
    for (size_t i = 0; i < x->pair_count; i++)
        if (x->pairs[i].kind == MHD_GET_ARGUMENT_KIND && strcmp(x->pairs[i].name, name) == 0)
            return x->pairs[i].value;
    return NULL;
}

const char *http_header(const struct http_exchange *x, const char *name)
{
    for (size_t i = 0; i < x->pair_count; i++)
        if (x->pairs[i].kind == MHD_HEADER_KIND && strcasecmp(x->pairs[i].name, name) == 0)
            return x->pairs[i].value;
    return NULL;
}

const char *http_body(const struct http_exchange *x, size_t *len)
{
    if (len)
        *len = x->body.len;
    return buf_str(&x->body);
}

void http_each_query(const struct http_exchange *x, void (*each)(void *arg, const char *name, const char *value),
                     void *arg)
{
    for (size_t i = 0; i < x->pair_count; i++)
        if (x->pairs[i].kind == MHD_GET_ARGUMENT_KIND)
            each(arg, x->pairs[i].name, x->pairs[i].value);
}
