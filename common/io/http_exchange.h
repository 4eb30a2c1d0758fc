#pragma once
#include "common/base/buf.h"
#include "common/io/http_server.h"
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
/* Inside of http_server.c and http_exchange.c: one request and its answer. */
struct http_pair {
    enum MHD_ValueKind kind;
    const char *name, *value;
};

struct http_exchange {
    struct loop *loop;
    struct http_server *server; /* NULL when the connection is gone; then so is `connection` */
    struct MHD_Connection *connection;
    struct http_exchange *prev, *next; /* open ones of the server */
    bool handed;                       /* the handler has it and owes an answer */
    bool ended;                        /* it is answered or dropped */
    bool suspended;
    bool malformed;          /* a NUL in the path, a name or a value */
    bool last;               /* the connection ends with its answer */
    bool too_large, crowded; /* the body is read and thrown away */
    struct buf body;
    size_t discarded;   /* bytes of body past the cap */
    struct buf headers; /* of the reply: name NUL value NUL … */
    struct MHD_Response *response;
    struct http_stream *stream; /* that the answer is; NULL: a whole one */
    unsigned status;
    const char *method, *path;
    size_t pair_count;
    struct http_pair pairs[]; /* request headers and query; the texts lie behind them */
};

/* A copy of the request's head. */
struct http_exchange *http_exchange_new(struct MHD_Connection *connection, const char *method, const char *path,
                                        size_t body_bytes_max);
void http_exchange_free(struct http_exchange *x);
/* Whether everybody who reads this request agrees where it ends and to whom it goes. */
bool http_framing_is_sound(const struct http_exchange *x, const char *version);
struct http_bytes {
    const char *bytes;
    size_t len;
    bool lasting; /* they outlive the server: need no copy */
};
/* Makes x->response, NULL without memory: then the connection is cut; content_type may be NULL. last: the connection
 * ends with it. */
void http_exchange_respond(struct http_exchange *x, int status, const char *content_type, const struct http_bytes *body,
                           bool last);

void http_exchange_set_response(struct http_exchange *x, int status, const char *content_type,
                                struct MHD_Response *response, bool last);

/* For http_stream.c. Answers x with a stream's response, which is freed at once when the client is gone. */
void http_exchange_stream(struct http_exchange *x, struct http_stream *stream, const char *content_type,
                          struct MHD_Response *response);
void http_exchange_resume(struct http_exchange *x);
void http_exchange_cut(struct http_exchange *x); /* makes the kernel send a reset */
