#pragma once
#include "common/base/err.h"
#include "common/io/loop.h"
#include <stdbool.h>
#include <stddef.h>
/* HTTP/1.1 server: libmicrohttpd on the loop through its epoll descriptor. Only http_server.c and http_exchange.c
 * include it. Used by the /metrics listener, the sandbox and the API. Refuses ambiguous framing (both Content-Length
 * and Transfer-Encoding, repeated Host or Content-Length) and NULs with 400 before any body is read. When its places
 * become few, who has been silent for longest makes room. */
struct http_server;
struct http_exchange;

struct http_server_options {
    const char *host;      /* numeric address */
    int port;              /* 0 = any free one */
    int ports_to_try;      /* the given one and the following; 1 = just this one */
    size_t body_bytes_max; /* larger: 413 */
    int connections_max;
    int idle_seconds; /* connections that are silent this long are closed */
    /* and those whose request is not whole after this, or their answer not taken: it has as long again for each MiB.
     * 0 = no bound */
    int request_seconds;
    size_t bodies_bytes_max; /* of all requests together; beyond it 503. 0 = no bound */
    /* Answers, at once, what goes to no handler: 400, 413, 503. NULL: a line of text says why. */
    void (*refuse)(void *arg, struct http_exchange *x, int status, const char *why);
};
/* The whole request is there. Answer now or later, exactly once, with http_reply() or http_drop(). x lives until then,
 * also when its client or the server is gone by that time. */
typedef void (*http_handler)(void *arg, struct http_exchange *x);

int http_server_new(struct loop *l, const struct http_server_options *o, http_handler handler, void *arg,
                    struct http_server **out, struct err *e) MUST_CHECK;
int http_server_port(const struct http_server *s);
/* Stops accepting, waits for open exchanges up to grace_ms, closes, then calls closed(arg). */
void http_server_close(struct http_server *s, int64_t grace_ms, void (*closed)(void *arg), void *arg);

const char *http_method(const struct http_exchange *x);
const char *http_path(const struct http_exchange *x);                     /* percent-decoded, without query */
const char *http_query(const struct http_exchange *x, const char *name);  /* decoded value, NULL when absent */
const char *http_header(const struct http_exchange *x, const char *name); /* NULL when absent */
void http_peer(const struct http_exchange *x, char out[64]); /* numeric address of the client; "" when it is gone */
const char *http_body(const struct http_exchange *x, size_t *len); /* "" when there is none */
/* For every query parameter in order. */
void http_each_query(const struct http_exchange *x, void (*each)(void *arg, const char *name, const char *value),
                     void *arg);
void http_reply_header(struct http_exchange *x, const char *name, const char *value); /* before http_reply; copied */
/* Copies; content_type may be NULL. Ends x. */
void http_reply(struct http_exchange *x, int status, const char *content_type, const char *body, size_t len);
/* The same without a copy: the bytes outlive the server. */
void http_reply_lasting(struct http_exchange *x, int status, const char *content_type, const char *body, size_t len);
/* Bytes past the server, for the sandbox' faults: all that it sends to this client must come this way, then
 * http_drop(). */
void http_send_raw(struct http_exchange *x, const char *bytes, size_t len);
/* Closes the connection without an answer: a reset, for the sandbox' faults. Ends x. */
void http_drop(struct http_exchange *x);
