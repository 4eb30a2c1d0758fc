#pragma once
#include "common/base/err.h"
#include "common/base/http.h"
#include "common/io/loop.h"
#include <stdint.h>
/* HTTP over one curl multi handle on the loop. Only http_client.c includes curl. TLS is always verified; redirects are
 * never followed; the proxy variables of the environment are ignored; answers may be gzip. HTTP/1.1, connections are
 * reused. */
struct http_client;
struct http_call;

struct http_client_options {
    int64_t connect_timeout_ms, timeout_ms; /* of one call; waiting for bodies_max does not count */
    int64_t stall_seconds;                  /* cut below 1 byte/s for so long, once the answer has begun */
    size_t body_bytes_max;                  /* a larger answer ends with ERR_LIMIT */
    int bodies_max;      /* answers held in memory at once; transfers beyond wait with their body unread */
    int connections_max; /* per host */
};
/* rc 0: an answer of whatever status; *a is moved to the callback's owner when it takes it with http_answer_take().
 * ERR_NETWORK (e says what), ERR_TIMEOUT, ERR_LIMIT, ERR_NO_MEMORY, ERR_CANCELED. sent is false only when the request
 * certainly never left this host. */
typedef void (*http_done)(void *arg, int rc, struct http_answer *a, bool sent, const struct err *e);

struct http_client *http_client_new(struct loop *l, const struct http_client_options *o);
/* Cancels all calls, waits until every answer with rc 0 was released, then calls closed(arg). */
void http_client_close(struct http_client *c, void (*closed)(void *arg), void *arg);
/* Everything in *r is copied. */
struct http_call *http_send(struct http_client *c, const struct http_request *r, http_done done, void *arg);
void http_cancel(struct http_call *call); /* done is still called, with ERR_CANCELED */
/* The owner of a taken body says that it is gone, so that a waiting transfer may go on. Once per answer with rc 0,
 * taken or not. */
void http_body_released(struct http_client *c);
/* Moves the answer out of the callback; the caller clears it and then calls http_body_released(). */
struct http_answer http_answer_take(struct http_answer *a);
