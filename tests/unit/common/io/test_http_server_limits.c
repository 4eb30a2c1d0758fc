#include "tests/unit/common/io/http_server_fixture.h"
#include <sys/resource.h>
#include <uv.h>

static void test_large_bodies_are_refused(void **state)
{
    struct fixture *f = *state;
    char chunk[65536];
    int fd;

    assert_int_equal(ask(f, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n\r\n"), 0);
    assert_true(answered(f, "HTTP/1.1 413 "));
    assert_int_equal(ask(f, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"), 0);
    assert_true(answered(f, "HTTP/1.1 413 "));

    /* Chunks: 33 of 64 KiB are answered with 413, without end the connection is cut. */
    memset(chunk, 'x', sizeof chunk);
    for (int end = 1; end >= 0; end--) {
        buf_reset(&f->in);
        fd = dial(f);
        raw_say(f->loop, fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < (end ? 33 : 200); i++) {
            raw_say(f->loop, fd, "10000\r\n");
            raw_send(f->loop, fd, chunk, sizeof chunk);
            raw_say(f->loop, fd, "\r\n");
        }
        raw_say(f->loop, fd, "0\r\n\r\n");
        (void)raw_read(f->loop, fd, &f->in, NULL, 0);
        assert_int_equal(answered(f, "HTTP/1.1 413 "), end);
        close(fd);
    }
    assert_int_equal(f->requests, 0);
}

static void test_ambiguous_framing_is_refused(void **state)
{
    static const char *const heads[] = {
        "Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Host: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
        "Host: x\r\nContent-Length: 5\r\ncontent-length: 5\r\n",
        "Host: x\r\nContent-Length: 5, 5\r\n",
        "Host: x\r\nContent-Length: +5\r\n",
        "Host: x\r\nContent-Length: -5\r\n",
        "Host: x\r\nContent-Length: 0x5\r\n",
        "Host: x\r\nContent-Length:\r\n",
        "Host: x\r\nHost: y\r\n",
        "Host: x\r\nhOST: x\r\n",
        "X-No-Host: 1\r\n",
        "Host: x\r\nTransfer-Encoding: gzip, chunked\r\n",
        "Host: x\r\nTransfer-Encoding: identity\r\n",
        "Host: x\r\nTransfer-Encoding: xchunked\r\n",
        "Host: x\r\nTransfer-Encoding: \"chunked\"\r\n",
        "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Host: x\r\nContent-Length : 5\r\n",
        "Host: x\r\nTransfer-Encoding : chunked\r\n",
        "Host: x\r\nno colon here\r\n",
    };
    struct fixture *f = *state;
    struct buf b;

    buf_init(&b, 10000);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        buf_reset(&b);
        buf_addf(&b, "POST /echo HTTP/1.1\r\n%s\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", heads[i]);
        int rc = ask(f, buf_str(&b));
        if ((rc != 0 && rc != -ECONNRESET) || !str_starts(buf_str(&f->in), "HTTP/1.1 400 "))
            fail_msg("head %zu: rc %d, answer %s", i, rc, buf_str(&f->in));
        assert_false(answered(f, "HTTP/1.1 200"));
    }
    assert_int_equal(ask(f, "POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 0);
    assert_true(answered(f, " 400 "));
    assert_int_equal(ask(f, "GET /?a=%00b HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
    assert_true(answered(f, " 400 "));
    assert_int_equal(f->requests, 0);
    buf_free(&b);
}

static void on_over(void *arg)
{
    *(int *)arg = 1;
}

static void test_without_descriptors_the_server_waits(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f), next = dup(fd), over = 0, turns = 0;
    struct rlimit before, none;

    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    (void)timer_start(f->loop, 250, on_over, &over);
    while (!over) {
        uv_run(loop_uv(f->loop), UV_RUN_ONCE);
        turns++;
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(turns < 50); /* it would be thousands */
    raw_say(f->loop, fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(raw_read(f->loop, fd, &f->in, "hello", 1), 0);
    close(fd);
}

static void test_silent_connections_are_closed(void **state)
{
    struct fixture f = {0};
    struct http_server_options o = options;
    (void)state;

    o.idle_seconds = 1;
    open_server(&f, &o);
    int fd = dial(&f);
    raw_say(f.loop, fd, "GET / HTTP/1.1\r\nHost:");
    assert_int_equal(raw_read(f.loop, fd, &f.in, NULL, 0), 0);
    assert_int_equal(f.requests, 0);
    close(fd);
    close_server(&f);
}

/* Byte for byte, never silent; whoever has asked waits as long as the answer takes. */
static void test_slow_requests_are_cut_off(void **state)
{
    struct fixture f = {0};
    struct http_server_options o = options;
    const int64_t end = clk_mono_ms() + RAW_PATIENCE_MS;
    (void)state;

    o.request_seconds = 1;
    open_server(&f, &o);
    int asked = dial(&f), slow = dial(&f);
    raw_say(f.loop, asked, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_say(f.loop, slow, "GET / HTTP/1.1\r\nHost: ");
    while (send(slow, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1) {
        assert_true(clk_mono_ms() < end);
        for (int i = 0; i < 10; i++, (void)poll(NULL, 0, 1))
            loop_turn(f.loop);
    }
    assert_int_equal(f.requests, 1);
    reply_text(f.late[0], 200, "late");
    assert_int_equal(raw_read(f.loop, asked, &f.in, "late", 1), 0);
    raw_say(f.loop, asked, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); /* kept, and not yet too slow */
    assert_int_equal(raw_read(f.loop, asked, &f.in, "hello", 1), 0);
    close(asked);
    close(slow);
    close_server(&f);
}

static void test_close_does_not_wait_for_ever(void **state)
{
    struct fixture *f = *state;
    int fds[2];

    for (int i = 0; i < 2; i++) {
        fds[i] = dial(f);
        raw_say(f->loop, fds[i], "GET /late?k=v HTTP/1.1\r\nHost: h\r\n\r\n");
        while (f->late_count == i)
            loop_turn(f->loop);
    }
    http_server_close(f->server, 1, on_closed, f);
    f->server = NULL;
    raw_wait(f->loop, &f->closed);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(raw_read(f->loop, fds[i], &f->in, NULL, 0), 0);
        close(fds[i]);
    }
    assert_int_equal(f->in.len, 0);
    /* What the handlers hold stays valid until they answer. */
    assert_string_equal(http_query(f->late[0], "k"), "v");
    assert_string_equal(http_header(f->late[1], "Host"), "h");
    reply_text(f->late[0], 200, "too late");
    http_drop(f->late[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_large_bodies_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ambiguous_framing_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_descriptors_the_server_waits, setup, teardown),
        cmocka_unit_test(test_silent_connections_are_closed),
        cmocka_unit_test(test_slow_requests_are_cut_off),
        cmocka_unit_test_setup_teardown(test_close_does_not_wait_for_ever, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
