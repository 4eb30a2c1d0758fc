#pragma once
#include "common/io/http_server.h"
/* An answer that goes on for as long as its client listens: server-sent events, long exports. A client that leaves is
 * noticed by the next write only, so who streams events sends a comment now and then. */
struct http_stream;
/* Answers x with 200 and the headers given so far; ends x. gone(arg) is called once, when the client has left, was cut
 * off, or has read all up to http_stream_end(); the stream is dead with it. pending_max: bytes that may wait for a slow
 * client, beside the write that it is still reading, before it is cut off. */
struct http_stream *http_stream_open(struct http_exchange *x, const char *content_type, size_t pending_max,
                                     void (*gone)(void *arg), void *arg);
void http_stream_write(struct http_stream *s, const char *bytes, size_t len); /* copies */
void http_stream_end(struct http_stream *s);                                  /* what was written is still sent */
