#include "common/io/ops_server.h"
#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/io/http_server.h"
#include <stdlib.h>
#include <string.h>

enum {
    METRICS_BYTES_MAX = 1024 * 1024,
    CONNECTIONS_MAX = 32,
    IDLE_SECONDS = 60,
    REQUEST_SECONDS = 10, /* then the place is free for somebody else */
    PORTS_TO_TRY = 100,   /* from the default one on, for several programs on one machine */
    CLOSE_GRACE_MS = 1000,
};

static const char text_plain[] = "text/plain; charset=utf-8";

struct ops_server {
    struct http_server *http;
    const char *(*ready)(void *arg, char problem[256]);
    void *arg;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void reply_line(struct http_exchange *x, int status, const char *line)
{
    struct buf b;
    buf_init(&b, METRICS_BYTES_MAX);
    buf_addf(&b, "%s\n", line);
    http_reply(x, status, text_plain, buf_str(&b), b.len);
    buf_free(&b);
}

static void reply_metrics(struct http_exchange *x)
{
    struct buf b;
    metric_set(M_LOG_DROPPED, log_dropped());
    buf_init(&b, METRICS_BYTES_MAX);
    metrics_write(&b);
    http_reply(x, 200, "text/plain; version=0.0.4", buf_str(&b), b.len);
    buf_free(&b);
}

static void reply_ready(struct ops_server *o, struct http_exchange *x)
{
    char problem[256] = "";
    const char *why = o->ready(o->arg, problem);
    reply_line(x, why ? 503 : 200, why ? why : "ready");
}

static void handle(void *arg, struct http_exchange *x)
{
    const char *path = http_path(x);

    if (strcmp(http_method(x), "GET") != 0 && strcmp(http_method(x), "HEAD") != 0) {
        http_reply_header(x, "Allow", "GET, HEAD");
        reply_line(x, 405, "only GET and HEAD");
    } else if (strcmp(path, "/metrics") == 0) {
        reply_metrics(x);
    } else if (strcmp(path, "/healthz") == 0) {
        reply_line(x, 200, "ok");
    } else if (strcmp(path, "/readyz") == 0) {
        reply_ready(arg, x);
    } else {
        reply_line(x, 404, "there are /metrics, /healthz and /readyz");
    }
}

int ops_server_new(struct loop *l, const struct settings *s, const char *(*ready)(void *arg, char problem[256]),
                   void *arg, struct ops_server **out, struct err *e)
{
    char host[64];
    struct http_server_options options = {.host = host,
                                          .ports_to_try = s->metrics_listen_given ? 1 : PORTS_TO_TRY,
                                          .body_bytes_max = 0,
                                          .connections_max = CONNECTIONS_MAX,
                                          .idle_seconds = IDLE_SECONDS,
                                          .request_seconds = REQUEST_SECONDS};
    int rc = settings_host_port("METRICS_LISTEN", s->metrics_listen, host, &options.port, e);
    if (rc < 0)
        return rc;

    struct ops_server *o = calloc(1, sizeof *o);
    CHECK(o);
    o->ready = ready;
    o->arg = arg;
    rc = http_server_new(l, &options, handle, o, &o->http, e);
    if (rc < 0) {
        free(o);
        if (e)
            err_wrap(e, "METRICS_LISTEN");
        return rc;
    }
    *out = o;
    return 0;
}

int ops_server_port(const struct ops_server *o)
{
    return http_server_port(o->http);
}

static void on_closed(void *arg)
{
    struct ops_server *o = arg;
    o->closed(o->closed_arg);
    free(o);
}

void ops_server_close(struct ops_server *o, void (*closed)(void *arg), void *arg)
{
    o->closed = closed;
    o->closed_arg = arg;
    http_server_close(o->http, CLOSE_GRACE_MS, on_closed, o);
}
