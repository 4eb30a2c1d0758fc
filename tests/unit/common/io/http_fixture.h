#pragma once
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/io/http_server.h"
#include "tests/unit/common/io/raw_socket.h"
#include <stdlib.h>
#include <uv.h>

/* A server whose handler describes requests, echoes bodies, answers late; and a client of it. */
struct fixture {
    struct loop *loop;
    struct http_server *server;
    int requests, closed;
    struct http_exchange *late[8]; /* exchanges of /late, answered by the test */
    int late_count;
    struct buf in; /* what the client has read */
    int refusals;
};

static inline void add_query(void *arg, const char *name, const char *value)
{
    buf_addf(arg, "%s=%s;", name, value);
}

static inline void reply_text(struct http_exchange *x, int status, const char *text)
{
    http_reply(x, status, "text/plain", text, strlen(text));
}

static inline void handle_describe(struct http_exchange *x)
{
    struct buf b;
    const char *agent = http_header(x, "user-agent");
    const char *a = http_query(x, "a");

    buf_init(&b, 10000);
    buf_addf(&b, "%s %s agent=%s a=%s missing=%d ", http_method(x), http_path(x), agent ? agent : "-", a ? a : "-",
             http_query(x, "b") == NULL && http_header(x, "x-none") == NULL);
    http_each_query(x, add_query, &b);
    http_reply_header(x, "X-One", "1");
    http_reply_header(x, "X-Two", "2");
    reply_text(x, 201, buf_str(&b));
    buf_free(&b);
}

static inline void handle(void *arg, struct http_exchange *x)
{
    struct fixture *f = arg;
    const char *path = http_path(x);
    size_t len;

    f->requests++;
    if (str_starts(path, "/describe")) {
        handle_describe(x);
    } else if (strcmp(path, "/echo") == 0) {
        const char *body = http_body(x, &len);
        http_reply(x, 200, "application/octet-stream", body, len);
    } else if (strcmp(path, "/late") == 0) {
        assert_true(f->late_count < 8);
        f->late[f->late_count++] = x;
    } else if (strcmp(path, "/drop") == 0) {
        http_drop(x);
    } else {
        reply_text(x, 200, "hello");
    }
}

static const struct http_server_options options = {
    .host = "127.0.0.1", .ports_to_try = 1, .body_bytes_max = 2097152, .connections_max = 100, .idle_seconds = 30};

static inline void open_server(struct fixture *f, const struct http_server_options *o)
{
    struct err e;
    f->loop = loop_new();
    assert_int_equal(http_server_new(f->loop, o, handle, f, &f->server, &e), 0);
    buf_init(&f->in, RAW_BYTES_MAX);
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    CHECK(f);
    open_server(f, &options);
    *state = f;
    return 0;
}

static inline void on_closed(void *arg)
{
    struct fixture *f = arg;
    f->closed++;
}

static inline void close_server(struct fixture *f)
{
    if (f->server) {
        http_server_close(f->server, 1000, on_closed, f);
        f->server = NULL;
        assert_int_equal(f->closed, 0);
        raw_wait(f->loop, &f->closed);
    }
    loop_free(f->loop);
    assert_int_equal(f->closed, 1);
    buf_free(&f->in);
}

static inline int teardown(void **state)
{
    close_server(*state);
    free(*state);
    return 0;
}

static inline int dial(struct fixture *f)
{
    return raw_connect(http_server_port(f->server));
}

/* Sends a request on its own connection and reads to the end. */
static inline int ask(struct fixture *f, const char *request)
{
    int fd = dial(f);
    buf_reset(&f->in);
    raw_say(f->loop, fd, request);
    int rc = raw_read(f->loop, fd, &f->in, NULL, 0);
    close(fd);
    return rc;
}

static inline bool answered(const struct fixture *f, const char *text)
{
    return strstr(buf_str(&f->in), text) != NULL;
}
