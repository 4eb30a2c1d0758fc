#include "common/base/check.h"
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/io/http_client.h"
#include "common/io/http_server.h"
#include "raw_socket.h"
#include <stdio.h>
#include <stdlib.h>

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

static void reply_gzip(struct http_exchange *x)
{
    const char *accepted = http_header(x, "Accept-Encoding");
    assert_non_null(accepted);
    assert_non_null(strstr(accepted, "gzip"));
    http_reply_header(x, "Content-Encoding", "gzip");
    http_reply(x, 200, "text/plain", (const char *)gzipped, sizeof gzipped);
}

static void reply_echo(struct http_exchange *x)
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

static void handle(void *arg, struct http_exchange *x)
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

static void open_client(struct fixture *f, const struct http_client_options *o)
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

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    CHECK(f);
    open_client(f, &options);
    *state = f;
    return 0;
}

static void on_flag(void *arg)
{
    ++*(int *)arg;
}

static void close_client(struct fixture *f)
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

static int teardown(void **state)
{
    close_client(*state);
    free(*state);
    return 0;
}

static void on_done(void *arg, int rc, struct http_answer *a, bool sent, const struct err *e)
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

static void result_clear(struct result *r)
{
    if (r->called && r->rc == 0) {
        http_answer_clear(&r->answer);
        http_body_released(r->f->client);
    }
    *r = (struct result){.f = r->f};
}

static struct http_call *start(struct fixture *f, struct result *r, int port, const char *path)
{
    *r = (struct result){.f = f};
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d%s", port, path);
    struct http_request request = {.method = "GET", .url = f->url};
    struct http_call *call = http_send(f->client, &request, on_done, r);
    assert_int_equal(r->called, 0);
    memset(f->url, 'x', 20); /* everything was copied */
    return call;
}

static void get(struct fixture *f, struct result *r, const char *path)
{
    start(f, r, http_server_port(f->server), path);
    raw_wait(f->loop, &r->called);
    assert_int_equal(r->called, 1);
}

static void turn(struct fixture *f, int times)
{
    while (times-- > 0)
        loop_turn(f->loop);
}

/* Turns the loop until so many of the results are there; then a little more, so that any further ones would be, too. */
static int wait_for_calls(struct fixture *f, const struct result *r, int count, int wanted)
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

static void test_answers(void **state)
{
    struct fixture *f = *state;
    struct result r;
    char value[100], tiny[3];
    int64_t bytes = metric_get(M_CALL_BYTES);

    get(f, &r, "/echo");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.answer.status, 200);
    assert_string_equal(buf_str(&r.answer.body), "GET /echo|metricx-sync/" METRICX_VERSION "|-|-|");
    assert_string_equal(http_answer_header(&r.answer, "content-TYPE", value, sizeof value), "text/plain");
    assert_null(http_answer_header(&r.answer, "content-type", tiny, sizeof tiny));
    assert_null(http_answer_header(&r.answer, "x-none", value, sizeof value));
    assert_null(strstr(buf_str(&r.answer.headers), "HTTP/1.1"));
    assert_true(r.answer.duration_ms >= 0);
    assert_int_equal(metric_get(M_CALL_BYTES) - bytes, (int64_t)r.answer.body.len);
    result_clear(&r);

    get(f, &r, "/gzip");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.answer.body.len, 100000);
    assert_int_equal(strspn(buf_str(&r.answer.body), "a"), 100000);
    result_clear(&r);

    get(f, &r, "/big");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.answer.body.len, BIG);
    assert_memory_equal(r.answer.body.data, f->big, BIG);
    result_clear(&r);

    get(f, &r, "/html");
    assert_int_equal(r.answer.status, 503);
    assert_string_equal(buf_str(&r.answer.body), "<html><title>Sorry</title></html>");
    assert_string_equal(http_answer_header(&r.answer, "Content-Type", value, sizeof value), "text/html");
    result_clear(&r);

    get(f, &r, "/moved");
    assert_int_equal(r.answer.status, 302);
    assert_string_equal(http_answer_header(&r.answer, "Location", value, sizeof value), "/echo");
    result_clear(&r);

    get(f, &r, "/empty");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.answer.status, 204);
    assert_string_equal(buf_str(&r.answer.body), "");
    result_clear(&r);
}

static void test_post_with_token(void **state)
{
    struct fixture *f = *state;
    struct result r = {.f = f};
    struct secret *token = secret_new("s3cret", 6);
    char body[] = "a=1&b=2";

    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d/post", http_server_port(f->server));
    struct http_request request = {.method = "POST", .url = f->url, .body = body, .bearer = token};
    http_send(f->client, &request, on_done, &r);
    memset(body, 'x', sizeof body - 1);
    secret_free(token);
    raw_wait(f->loop, &r.called);
    assert_string_equal(buf_str(&r.answer.body), "POST /post|metricx-sync/" METRICX_VERSION "|Bearer s3cret|-|a=1&b=2");
    result_clear(&r);
}

static void test_environment_proxies_are_ignored(void **state)
{
    struct fixture *f = *state;
    struct result r;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    get(f, &r, "/echo");
    assert_int_equal(r.rc, 0);
    result_clear(&r);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void test_unreachable(void **state)
{
    struct fixture *f = *state;
    struct result r;
    int port;

    close(raw_listen(&port));
    start(f, &r, port, "/");
    raw_wait(f->loop, &r.called);
    assert_int_equal(r.rc, ERR_NETWORK);
    assert_false(r.sent);
    assert_non_null(strstr(r.err.text, "127.0.0.1"));

    static const char *const urls[] = {"ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://127.0.0.1:99999/"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        char url[100];
        snprintf(url, sizeof url, "%s", urls[i]);
        struct http_request request = {.method = "GET", .url = url};
        r = (struct result){.f = f};
        http_send(f->client, &request, on_done, &r);
        raw_wait(f->loop, &r.called);
        assert_int_equal(r.rc, ERR_NETWORK);
        assert_false(r.sent);
    }

    /* plain HTTP where TLS is expected: the request stays here */
    snprintf(f->url, sizeof f->url, "https://127.0.0.1:%d/", http_server_port(f->server));
    struct http_request request = {.method = "GET", .url = f->url};
    r = (struct result){.f = f};
    http_send(f->client, &request, on_done, &r);
    raw_wait(f->loop, &r.called);
    assert_int_equal(r.rc, ERR_NETWORK);
    assert_false(r.sent);
    assert_int_equal(f->requests, 0);
}

static void test_name_lookup_can_be_given_up(void **state)
{
    struct fixture *f = *state;
    struct result r = {.f = f};
    char url[] = "http://no-such-host.invalid/";
    struct http_request request = {.method = "GET", .url = url};

    struct http_call *call = http_send(f->client, &request, on_done, &r);
    turn(f, 3);
    if (r.called == 0)
        http_cancel(call);
    raw_wait(f->loop, &r.called);
    assert_true(r.rc == ERR_CANCELED || r.rc == ERR_NETWORK);
    assert_false(r.sent);
}

static void test_reset(void **state)
{
    struct fixture *f = *state;
    struct result r;

    get(f, &r, "/drop");
    assert_int_equal(r.rc, ERR_NETWORK);
    assert_true(r.sent);
    assert_true(*r.err.text);
}

/* A server that answers a request with these bytes and closes. */
static void get_raw(struct fixture *f, struct result *r, const char *bytes, size_t len)
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

static void get_raw_text(struct fixture *f, struct result *r, const char *text)
{
    get_raw(f, r, text, strlen(text));
}

static void test_broken_answers(void **state)
{
    static const char *const broken[] = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\": [",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"dat",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        "this is not HTTP at all\r\n\r\n",
    };
    struct fixture *f = *state;
    struct result r;

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        get_raw_text(f, &r, broken[i]);
        if (r.rc != ERR_NETWORK || !r.sent || !*r.err.text)
            fail_msg("answer %zu: rc %d, %s", i, r.rc, r.err.text);
    }

    /* interim answers do not count */
    char value[20];
    get_raw_text(f, &r,
                 "HTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\nHTTP/1.1 200 OK\r\nX-B: 2\r\n"
                 "Content-Length: 2\r\n\r\n{}");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.answer.status, 200);
    assert_null(http_answer_header(&r.answer, "X-A", value, sizeof value));
    assert_string_equal(http_answer_header(&r.answer, "X-B", value, sizeof value), "2");
    result_clear(&r);
    /* trailers may follow */
    get_raw_text(f, &r,
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-C\r\n\r\n2\r\n{}\r\n0\r\nX-C: 3\r\n\r\n");
    assert_int_equal(r.rc, 0);
    assert_string_equal(buf_str(&r.answer.body), "{}");
    result_clear(&r);
}

static void test_limits(void **state)
{
    struct fixture f;
    struct http_client_options o = options;
    struct result r;
    (void)state;

    o.body_bytes_max = 99999;
    o.bodies_max = 1;
    open_client(&f, &o);
    get(&f, &r, "/big");
    assert_int_equal(r.rc, ERR_LIMIT);
    assert_true(r.sent);
    assert_non_null(strstr(r.err.text, "99999 bytes"));
    get(&f, &r, "/gzip"); /* 100,000 bytes from some hundred: the unpacked ones count */
    assert_int_equal(r.rc, ERR_LIMIT);

    struct buf b;
    buf_init(&b, RAW_BYTES_MAX);
    buf_add_str(&b, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "X-Header-%d: %070d\r\n", i, i);
    buf_add_str(&b, "Content-Length: 0\r\n\r\n");
    get_raw(&f, &r, b.data, b.len);
    buf_free(&b);
    assert_int_equal(r.rc, ERR_LIMIT);
    assert_non_null(strstr(r.err.text, "65536 bytes"));

    /* a place is free again after each */
    get(&f, &r, "/echo");
    assert_int_equal(r.rc, 0);
    result_clear(&r);
    close_client(&f);
}

static void test_timeouts(void **state)
{
    struct fixture f;
    struct http_client_options o = options;
    struct result r;
    (void)state;

    o.timeout_ms = 50;
    open_client(&f, &o);
    get(&f, &r, "/late");
    assert_int_equal(r.rc, ERR_TIMEOUT);
    assert_true(r.sent);
    assert_non_null(strstr(r.err.text, "50 ms"));
    close_client(&f);

    o = options;
    o.stall_seconds = 1;
    open_client(&f, &o);
    get(&f, &r, "/late");
    assert_int_equal(r.rc, ERR_TIMEOUT);
    assert_true(r.sent);
    close_client(&f);

    /* TLS to a server that never says hello: still connecting, so nothing was sent */
    int port;
    int listener = raw_listen(&port);
    o = options;
    o.connect_timeout_ms = 50;
    open_client(&f, &o);
    snprintf(f.url, sizeof f.url, "https://127.0.0.1:%d/", port);
    struct http_request request = {.method = "GET", .url = f.url};
    r = (struct result){.f = &f};
    http_send(f.client, &request, on_done, &r);
    raw_wait(f.loop, &r.called);
    assert_int_equal(r.rc, ERR_TIMEOUT);
    assert_false(r.sent);
    close(listener);
    close_client(&f);
}

static void test_connection_is_reused(void **state)
{
    struct fixture *f = *state;
    struct result r;
    struct buf in;
    int port;
    int listener = raw_listen(&port), fd = -1;

    buf_init(&in, 100000);
    for (int i = 1; i <= 3; i++) {
        start(f, &r, port, "/again");
        if (fd < 0)
            fd = raw_accept(f->loop, listener);
        assert_int_equal(raw_read(f->loop, fd, &in, "GET /again", i), 0);
        raw_say(f->loop, fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        raw_wait(f->loop, &r.called);
        assert_int_equal(r.rc, 0);
        result_clear(&r);
    }
    close(fd);
    close(listener);
    buf_free(&in);
}

static void test_many_at_once(void **state)
{
    struct fixture *f = *state;
    struct result *r = calloc(200, sizeof *r);
    CHECK(r);

    for (int i = 0; i < 200; i++)
        start(f, &r[i], http_server_port(f->server), i % 3 ? "/big" : "/gzip");
    for (int done = 0; done < 200;) {
        int held = 0;
        loop_turn(f->loop);
        for (int i = 0; i < 200; i++)
            held += r[i].called && r[i].answer.body.data;
        assert_true(held <= 4);
        for (int i = 0; i < 200; i++) {
            if (!r[i].called || !r[i].answer.body.data)
                continue;
            assert_int_equal(r[i].rc, 0);
            assert_int_equal(r[i].answer.body.len, i % 3 ? BIG : 100000);
            result_clear(&r[i]);
            done++;
        }
    }
    free(r);
}

static void test_bodies_wait_for_a_place(void **state)
{
    struct fixture *f = *state;
    struct result r[10];

    for (int i = 0; i < 10; i++)
        start(f, &r[i], http_server_port(f->server), i == 9 ? "/empty" : "/gzip");
    /* four answers and the one without a body */
    wait_for_calls(f, r, 10, 5);
    while (f->requests < 10)
        loop_turn(f->loop);
    turn(f, 300);
    assert_int_equal(wait_for_calls(f, r, 10, 5), 5);
    assert_int_equal(r[9].called, 1);

    /* the empty one held a place too many: its release lets nobody in, each further one exactly one */
    result_clear(&r[9]);
    turn(f, 300);
    assert_int_equal(wait_for_calls(f, r, 9, 4), 4);
    for (int more = 1; more <= 5; more++) {
        int i = 0;
        while (!r[i].called || !r[i].answer.body.data)
            i++;
        assert_int_equal(r[i].rc, 0);
        http_answer_clear(&r[i].answer);
        http_body_released(f->client);
        assert_int_equal(wait_for_calls(f, r, 9, 4 + more), 4 + more);
        turn(f, 100);
        assert_int_equal(wait_for_calls(f, r, 9, 4 + more), 4 + more);
    }
    for (int i = 0; i < 9; i++)
        if (r[i].answer.body.data)
            result_clear(&r[i]);
}

static void test_waiting_does_not_time_out(void **state)
{
    struct fixture f;
    struct http_client_options o = options;
    struct result r[2];
    (void)state;

    o.bodies_max = 1;
    o.timeout_ms = 1000;
    open_client(&f, &o);
    get(&f, &r[0], "/gzip");
    start(&f, &r[1], http_server_port(f.server), "/big");
    for (int64_t end = clk_mono_ms() + 1500; clk_mono_ms() < end;)
        loop_turn(f.loop);
    assert_int_equal(r[1].called, 0);
    result_clear(&r[0]);
    raw_wait(f.loop, &r[1].called);
    assert_int_equal(r[1].rc, 0);
    assert_memory_equal(r[1].answer.body.data, f.big, BIG);
    result_clear(&r[1]);
    close_client(&f);
}

static void expect_cancelled(struct fixture *f, struct http_call *call, struct result *r, bool sent)
{
    assert_int_equal(r->called, 0);
    http_cancel(call);
    assert_int_equal(r->called, 0);
    raw_wait(f->loop, &r->called);
    turn(f, 20);
    assert_int_equal(r->called, 1);
    assert_int_equal(r->rc, ERR_CANCELED);
    assert_int_equal(r->sent, sent);
}

static void test_cancel(void **state)
{
    struct fixture *f = *state;
    struct result r, held[4];
    int server = http_server_port(f->server), port;

    /* at once */
    struct http_call *call = start(f, &r, server, "/echo");
    expect_cancelled(f, call, &r, false);
    assert_int_equal(f->requests, 0);

    /* while the answer is awaited */
    call = start(f, &r, server, "/late");
    raw_wait(f->loop, &f->late_count);
    expect_cancelled(f, call, &r, true);

    /* in mid-body */
    int listener = raw_listen(&port);
    call = start(f, &r, port, "/");
    int fd = raw_accept(f->loop, listener);
    raw_say(f->loop, fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    turn(f, 20);
    expect_cancelled(f, call, &r, true);
    close(fd);
    close(listener);

    /* while it waits for a place */
    for (int i = 0; i < 4; i++)
        get(f, &held[i], "/gzip");
    f->requests = 0;
    call = start(f, &r, server, "/big");
    raw_wait(f->loop, &f->requests);
    turn(f, 200);
    expect_cancelled(f, call, &r, true);
    for (int i = 0; i < 4; i++)
        result_clear(&held[i]);

    /* all places are free: four more can be held */
    for (int i = 0; i < 4; i++)
        get(f, &held[i], "/gzip");
    for (int i = 0; i < 4; i++)
        result_clear(&held[i]);
}

struct crowd {
    struct http_call *calls[20];
    int called[20], rc[20], first;
    struct fixture *f;
};
struct member {
    struct crowd *crowd;
    int index;
};

/* The first to arrive cancels all others: some have ended in the same turn, some are still under way. */
static void on_crowd_done(void *arg, int rc, struct http_answer *a, bool sent, const struct err *e)
{
    const struct member *m = arg;
    struct crowd *c = m->crowd;
    (void)a, (void)sent, (void)e;

    c->called[m->index]++;
    c->rc[m->index] = rc;
    if (rc == 0)
        http_body_released(c->f->client);
    if (c->first >= 0)
        return;
    c->first = m->index;
    for (int i = 0; i < 20; i++)
        if (i != m->index)
            http_cancel(c->calls[i]);
}

static void test_cancel_among_finished(void **state)
{
    struct fixture *f = *state;
    struct crowd c = {.first = -1, .f = f};
    struct member members[20];

    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d/echo", http_server_port(f->server));
    for (int i = 0; i < 20; i++) {
        struct http_request request = {.method = "GET", .url = f->url};
        members[i] = (struct member){&c, i};
        c.calls[i] = http_send(f->client, &request, on_crowd_done, &members[i]);
    }
    for (int i = 0; i < 20; i++)
        raw_wait(f->loop, &c.called[i]);
    turn(f, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(c.called[i], 1);
        assert_int_equal(c.rc[i], i == c.first ? 0 : ERR_CANCELED);
    }
}

static void test_close_cancels_and_waits(void **state)
{
    struct fixture *f = *state;
    struct result held, r[20];
    struct http_answer answer;

    get(f, &held, "/gzip");
    for (int i = 0; i < 20; i++)
        start(f, &r[i], http_server_port(f->server), i % 2 ? "/late" : "/big");
    turn(f, 10);
    http_client_close(f->client, on_flag, &f->client_closed);
    wait_for_calls(f, r, 20, 20);
    turn(f, 100);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(r[i].called, 1);
        assert_int_equal(r[i].rc, ERR_CANCELED);
    }
    /* one answer is still out; a call after the close is cancelled */
    assert_int_equal(f->client_closed, 0);
    get(f, &r[0], "/echo");
    assert_int_equal(r[0].rc, ERR_CANCELED);
    answer = held.answer;
    http_answer_clear(&answer);
    http_body_released(f->client);
    f->client = NULL;
    raw_wait(f->loop, &f->client_closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_post_with_token, setup, teardown),
        cmocka_unit_test_setup_teardown(test_environment_proxies_are_ignored, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreachable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_name_lookup_can_be_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_answers, setup, teardown),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test_setup_teardown(test_connection_is_reused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bodies_wait_for_a_place, setup, teardown),
        cmocka_unit_test(test_waiting_does_not_time_out),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_among_finished, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_cancels_and_waits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
