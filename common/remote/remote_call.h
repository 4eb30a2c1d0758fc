#pragma once
#include "common/remote/remote.h"
/* Inside of common/remote: one question to the provider, from budget to answer; what comes in pages is asked for again
 * for each. */
struct question {
    /* Builds the request of the page behind cursor ("": the first). */
    int (*request)(void *q, const struct provider_config *c, const char *cursor, struct http_request *out,
                   struct err *e);
    /* Reads the answer; *next is filled with the cursor of the page after it, if there is one. */
    void (*read)(void *q, const struct provider_config *c, const char *cursor, const struct http_answer *a,
                 struct buf *next, struct verdict *v);
    /* Once, at the end; q is the question's own to free. */
    void (*ended)(void *q, int rc, const struct err *e);
};
struct remote_call;
/* account: whose budget pays; "": that of questions about tokens. subject: what a failure's text begins with; static,
 * NULL: the account. The call is borrowed until ended is called, for remote_cancel. */
struct remote_call *remote_ask(struct remote *r, const struct provider *provider, const char *account,
                               const char *subject, const struct question *question, void *q);
/* Breaks it off as soon as that is orderly. */
void remote_cancel(struct remote_call *c);
