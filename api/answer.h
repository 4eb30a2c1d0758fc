#pragma once
#include "api/call.h"
#include "api/field_errors.h"
#include "common/base/buf.h"
/* How every call ends: exactly one of these, which frees it. */
void answer_json(struct call *c, int status, const char *text);
void answer_buf(struct call *c, int status, struct buf *json);         /* frees the buf */
void answer_object(struct call *c, int status, struct json_t *object); /* takes the reference */
void answer_nothing(struct call *c, int status);
/* {"items": [rows…], "next_cursor": …}; next NULL: this was the last page. */
void answer_items(struct call *c, const char *const *rows, int count, const char *next);
/* Bytes that are part of the program, for a browser; policy: its Content-Security-Policy. */
void answer_page(struct call *c, const char *content_type, const char *policy, const void *bytes, size_t len);
/* An answer that goes on: see http_stream.h. Ends the call, not the stream. */
struct http_stream *answer_stream(struct call *c, const char *content_type, size_t pending_max, void (*gone)(void *arg),
                                  void *arg);
/* A page for people that says e's words, whatever its code; title is static. */
void answer_words(struct call *c, int status, const char *title, const struct err *e);
/* The HTTP status of an error code. */
int answer_status(int rc);
/* A problem (RFC 9457) by the error's code: its HTTP status, its words. What went wrong inside of us keeps its words
 * for the log. */
void answer_err(struct call *c, const struct err *e);
/* The same with a status that the code alone does not tell. */
void answer_problem(struct call *c, int status, const struct err *e);

/* For a body that was not read: 400 when it is no JSON. */
void answer_no_json(struct call *c, struct err *e);

/* With all of them, of which there is one at least; frees the list. */
void answer_fields(struct call *c, int status, struct field_errors *f);
