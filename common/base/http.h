#pragma once
#include "common/base/buf.h"
#include "common/base/secret.h"
#include <stddef.h>
#include <stdint.h>
/* An HTTP request and its answer as plain data, so that providers stay free of I/O. */
struct http_request {
    const char *method;          /* "GET" or "POST"; static */
    char *url;                   /* owned; carries no secret */
    char *body;                  /* owned, NULL for none; form-encoded */
    const struct secret *bearer; /* borrowed: sent as Authorization: Bearer; NULL for none */
};
void http_request_clear(struct http_request *r); /* frees what is owned */

struct http_answer {
    int status;         /* 0 when no answer came */
    struct buf body;    /* owned by the answer, unpacked */
    struct buf headers; /* raw header lines of the final response, CRLF between */
    int64_t duration_ms;
};
void http_answer_clear(struct http_answer *a);
/* Value of a header (case-insensitive, spaces trimmed) copied to out; returns out or NULL when absent or too long. */
const char *http_answer_header(const struct http_answer *a, const char *name, char *out, size_t size);
