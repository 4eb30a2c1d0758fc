#pragma once
#include <microhttpd.h>
#include <stdint.h>
#include <sys/queue.h>
/* Inside of http_server.c: who takes too long over a request, or over taking its answer, is cut off. Bytes that trickle
 * keep a connection from being silent, and so one of the server's few places, for ever. */
TAILQ_HEAD(http_guests, http_guest);
struct http_patience {
    struct http_guests guests;
    int64_t request_ms, idle_ms; /* for a request; for the silence before one on a connection that is kept */
    int64_t looked_ms;
    int places, taken;
};

/* request_ms 0: there is no bound, and nobody makes room. */
void http_patience_init(struct http_patience *p, int64_t request_ms, int64_t idle_ms, int places);
/* MHD's callback for connections that open and close; arg is the patience. When the last sixteenth of the places is
 * begun, the one whose time is over soonest is cut off for each that comes: a crowd that never asks keeps nobody out.
 */
void http_patience_notify(void *arg, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode what);
void http_patience_ends(struct MHD_Connection *connection);                  /* its request is there */
void http_patience_answers(struct MHD_Connection *connection, size_t bytes); /* it has an answer to take */
void http_patience_begins(struct MHD_Connection *connection);                /* it was answered: the next one */
/* After each run of MHD: a slow client causes one with each byte. */
void http_patience_look(struct http_patience *p);
