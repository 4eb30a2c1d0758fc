#pragma once
#include "tests/sandbox/params.h"
#include "tests/sandbox/sandbox.h"
/* One call to the sandbox, from its arrival to its answer. */
struct report;
#define SEGMENTS_MAX 3
struct request {
    struct sandbox *sandbox;
    struct http_exchange *x; /* NULL: an item of a batch, whose headers are JSON objects in `headers` */
    const char *method, *path, *host;
    struct buf headers;
    struct arena arena;
    struct params params;
    const char *version;                /* "v26.0" */
    const char *segments[SEGMENTS_MAX]; /* of the path, without the version */
    int segment_count;
    const char *token_text; /* as sent; NULL when none was */
    const struct token *token;
    struct ref node;       /* what the first segment names; account NULL when nothing */
    struct report *report; /* a run that it names; then node is the run's account */
    enum call_kind kind;
    int64_t now_ms; /* the sandbox' clock */
    int64_t real_ms;
    struct fault fault; /* what a test ordered for this call */
    bool has_fault;
    bool refused, refused_to_app; /* by a limit */
    int status;
    const char *content_type;
    struct buf body; /* the answer */
    size_t dripped;  /* of it, when it comes in pieces */
    struct timer *timer;
    struct request *prev, *next; /* while waiting */
};
#define BODY_BYTES_MAX ((size_t)512 << 20)

/* Parses path and parameters. */
struct request *request_new(struct sandbox *s, struct http_exchange *x);
/* The call that an item of r's batch is, without an exchange of its own; request_free() ends it. */
struct request *request_item(const struct request *r, const char *method, const char *url, const char *form);
void request_free(struct request *r);
/* Sends r->body with r->status and frees r, now or after a delay. */
void request_send(struct request *r, int64_t delay_ms);
/* Calls then(r) after a delay, which has r and must end it or wait again. */
void request_later(struct request *r, int64_t delay_ms, void (*then)(void *arg));
/* Closes the connection instead. */
void request_drop(struct request *r);
void request_send_all_waiting(struct sandbox *s);

void request_header(struct request *r, const char *name, const char *value); /* of the answer; copied */
/* Makes the answer an error of Meta's shape; code and subcode as in Meta's tables, subcode 0 for none. */
void request_error(struct request *r, int status, int code, int subcode, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void request_not_found(struct request *r);
/* What people are shown, put into the error that the answer already is. */
void request_error_told(struct request *r, const char *title, const char *text);
bool request_failed(const struct request *r);

/* The same number for the same question; `page` says whether cursor and limit are part of it. */
uint64_t request_hash(const struct request *r, bool page);
