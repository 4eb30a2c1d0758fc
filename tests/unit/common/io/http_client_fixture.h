#pragma once
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/io/http_client.h"
#include "common/io/http_server.h"
#include "tests/unit/common/io/raw_socket.h"
#include <stdio.h>
#include <stdlib.h>
/* A client and a server on one loop, for the tests of http_client. */

enum { BIG = 1048576, BODY_MAX = 2 * BIG, LATE_MAX = 256 };

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct http_client *client;
    struct http_exchange *late[LATE_MAX];
    int late_count, requests;
    int server_closed, client_closed;
    char *big;
    char url[200];
};

/* What became of one call. */
struct result {
    struct fixture *f;
    struct http_answer answer;
    struct err err;
    int called, rc;
    bool sent;
};

/* 100,000 times "a" */
static const unsigned char gzipped[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xc2, 0xa0,
    0xac, 0xeb, 0x5f, 0xc2, 0x1a, 0x1e, 0x40, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xaf, 0x06, 0x87, 0xfa, 0xe2, 0x1b, 0xa0, 0x86, 0x01, 0x00};

static inline void reply_gzip(struct http_exchange *x)
{
    const char *accepted = http_header(x, "Accept-Encoding");
    assert_non_null(accepted);
    assert_non_null(strstr(accepted, "gzip"));
    http_reply_header(x, "Content-Encoding", "gzip");
    http_reply(x, 200, "text/plain", (const char *)gzipped, sizeof gzipped);
}

static inline void reply_echo(struct http_exchange *x)
{
    struct buf b;
    size_t len;
    const char *authorization = http_header(x, "Authorization");

    buf_init(&b, 10000);
    buf_addf(&b, "%s %s|%s|%s|%s|%s", http_method(x), http_path(x), http_header(x, "User-Agent"),
             authorization ? authorization : "-", http_header(x, "Expect") ? "expect" : "-", http_body(x, &len));
    http_reply(x, 200, "text/plain", buf_str(&b), b.len);
    buf_free(&b);
}

static inline void handle(void *arg, struct http_exchange *x)
{
    struct fixture *f = arg;
    const char *path = http_path(x);

    f->requests++;
    if (strcmp(path, "/big") == 0) {
        http_reply(x, 200, "text/plain", f->big, BIG);
    } else if (strcmp(path, "/gzip") == 0) {
        reply_gzip(x);
    } else if (strcmp(path, "/late") == 0) {
        assert_true(f->late_count < LATE_MAX);
        f->late[f->late_count++] = x;
    } else if (strcmp(path, "/drop") == 0) {
        http_drop(x);
    } else if (strcmp(path, "/html") == 0) {
        static const char page[] = "<html><title>Sorry</title></html>";
        http_reply(x, 503, "text/html", page, sizeof page - 1);
    } else if (strcmp(path, "/moved") == 0) {
        http_reply_header(x, "Location", "/echo");
        http_reply(x, 302, NULL, "", 0);
    } else if (strcmp(path, "/empty") == 0) {
        http_reply(x, 204, NULL, "", 0);
    } else {
        reply_echo(x);
    }
}

static const struct http_client_options options = {.connect_timeout_ms = 10000,
                                                   .timeout_ms = 60000,
                                                   .stall_seconds = 60,
                                                   .body_bytes_max = BODY_MAX,
                                                   .bodies_max = 4,
                                                   .connections_max = 64};

static inline void open_client(struct fixture *f, const struct http_client_options *o)
{
    static const struct http_server_options server = {
        .host = "127.0.0.1", .ports_to_try = 1, .body_bytes_max = BODY_MAX, .connections_max = 300, .idle_seconds = 60};
    struct err e;

    memset(f, 0, sizeof *f);
    f->loop = loop_new();
    f->client = http_client_new(f->loop, o);
    assert_int_equal(http_server_new(f->loop, &server, handle, f, &f->server, &e), 0);
    f->big = malloc(BIG);
    CHECK(f->big);
    for (int i = 0; i < BIG; i++)
        f->big[i] = (char)('a' + i % 26);
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    CHECK(f);
    open_client(f, &options);
    *state = f;
    return 0;
}

static inline void on_flag(void *arg)
{
    ++*(int *)arg;
}

static inline void close_client(struct fixture *f)
{
    if (f->client) {
        http_client_close(f->client, on_flag, &f->client_closed);
        assert_int_equal(f->client_closed, 0);
    }
    raw_wait(f->loop, &f->client_closed);
    for (int i = 0; i < f->late_count; i++)
        if (f->late[i])
            http_drop(f->late[i]);
    http_server_close(f->server, 10000, on_flag, &f->server_closed);
    raw_wait(f->loop, &f->server_closed);
    assert_int_equal(f->client_closed, 1);
    loop_free(f->loop);
    free(f->big);
}

static inline int teardown(void **state)
{
    close_client(*state);
    free(*state);
    return 0;
}

static inline void on_done(void *arg, int rc, struct http_answer *a, bool sent, const struct err *e)
{
    struct result *r = arg;

    r->called++;
    r->rc = rc;
    r->sent = sent;
    r->err = *e;
    assert_int_equal(e->rc, rc);
    if (rc == 0) {
        assert_true(sent);
        r->answer = http_answer_take(a);
        assert_null(a->body.data);
    } else {
        assert_int_equal(a->status, 0);
        assert_int_equal(a->body.len, 0);
    }
}

static inline void result_clear(struct result *r)
{
    if (r->called && r->rc == 0) {
        http_answer_clear(&r->answer);
        http_body_released(r->f->client);
    }
    *r = (struct result){.f = r->f};
}

static inline struct http_call *start(struct fixture *f, struct result *r, int port, const char *path)
{
    *r = (struct result){.f = f};
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d%s", port, path);
    struct http_request request = {.method = "GET", .url = f->url};
    struct http_call *call = http_send(f->client, &request, on_done, r);
    assert_int_equal(r->called, 0);
    memset(f->url, 'x', 20); /* everything was copied */
    return call;
}

static inline void get(struct fixture *f, struct result *r, const char *path)
{
    start(f, r, http_server_port(f->server), path);
    raw_wait(f->loop, &r->called);
    assert_int_equal(r->called, 1);
}

static inline void turn(struct fixture *f, int times)
{
    while (times-- > 0)
        loop_turn(f->loop);
}

/* Turns the loop until so many of the results are there; then a little more, so that any further ones would be, too. */
static inline int wait_for_calls(struct fixture *f, const struct result *r, int count, int wanted)
{
    int64_t end = clk_mono_ms() + RAW_PATIENCE_MS;
    for (;;) {
        int called = 0;
        for (int i = 0; i < count; i++)
            called += r[i].called;
        if (called >= wanted)
            return called;
        assert_true(clk_mono_ms() < end);
        loop_turn(f->loop);
    }
}

/* A server that answers a request with these bytes and closes. */
static inline void get_raw(struct fixture *f, struct result *r, const char *bytes, size_t len)
{
    int port;
    int listener = raw_listen(&port);
    struct buf in;

    buf_init(&in, 100000);
    start(f, r, port, "/raw");
    int fd = raw_accept(f->loop, listener);
    assert_int_equal(raw_read(f->loop, fd, &in, "\r\n\r\n", 1), 0);
    raw_send(f->loop, fd, bytes, len);
    close(fd);
    close(listener);
    buf_free(&in);
    raw_wait(f->loop, &r->called);
}
