#include "tests/unit/common/io/http_fixture.h"
#include <sys/resource.h>
#include <uv.h>

static void test_large_bodies_are_refused(void **state)
{
    struct fixture *f = *state;
    char chunk[65536];
    int fd;

    /* Who sends a little too much hears of it when all is sent; a reset in between would hide the answer. */
    char *whole = str_printf("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n\r\n%02097153d", 0);
    assert_int_equal(ask(f, whole), 0);
    assert_true(answered(f, "HTTP/1.1 413 "));
    free(whole);
    /* Who asks first, and who would send much more, at once. */
    assert_int_equal(ask(f, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n"
                            "Expect: 100-continue\r\n\r\n"),
                     0);
    assert_true(answered(f, "HTTP/1.1 413 ") && !answered(f, " 100 "));
    assert_int_equal(ask(f, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3145729\r\n\r\n"), 0);
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

static void refuse(void *arg, struct http_exchange *x, int status, const char *why)
{
    struct fixture *f = arg;
    f->refusals++;
    http_reply_header(x, "X-Refused", "yes");
    http_reply(x, status, "text/x-own", why, strlen(why));
}

static void test_refusals_can_be_told_otherwise(void **state)
{
    struct fixture *f = *state;
    struct http_server_options own = options;

    close_server(f);
    f->closed = 0;
    own.refuse = refuse;
    open_server(f, &own);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
    assert_true(answered(f, "HTTP/1.1 400 ") && answered(f, "X-Refused: yes\r\n") && answered(f, "text/x-own") &&
                answered(f, "Connection: close"));
    assert_int_equal(ask(f, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"), 0);
    assert_true(answered(f, "HTTP/1.1 413 ") && answered(f, "X-Refused: yes\r\n"));
    assert_int_equal(f->refusals, 2);
    assert_int_equal(f->requests, 0);
}

static void test_bodies_have_a_bound_together(void **state)
{
    struct fixture *f = *state;
    struct http_server_options few = options;
    const char head[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n";
    char *most = str_printf("%s%0999d", head, 0);
    int first;

    close_server(f);
    f->closed = 0;
    few.bodies_bytes_max = 1500;
    open_server(f, &few);
    first = dial(f);
    raw_say(f->loop, first, most);
    for (int turn = 0; turn < 10; turn++)
        loop_turn(f->loop);
    char *whole = str_printf("%s%01000d", head, 0);
    for (int i = 0; i < 3; i++) { /* what is refused takes nothing away */
        assert_int_equal(ask(f, whole), 0);
        assert_true(answered(f, "HTTP/1.1 503 "));
    }
    raw_say(f->loop, first, "0");
    buf_reset(&f->in);
    assert_int_equal(raw_read(f->loop, first, &f->in, NULL, 0), 0);
    assert_true(answered(f, "HTTP/1.1 200 "));
    close(first);
    assert_int_equal(ask(f, whole), 0);
    assert_true(answered(f, "HTTP/1.1 200 "));
    free(most);
    free(whole);
}

static void test_silent_ones_make_room(void **state)
{
    struct fixture *f = *state;
    struct http_server_options few = options;
    int fds[80], late;

    close_server(f);
    f->closed = 0;
    few.connections_max = 32;
    few.request_seconds = 30;
    open_server(f, &few);
    late = dial(f); /* it has asked, and waits: not cut off, although it came first */
    raw_say(f->loop, late, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(f->loop, &f->late_count);
    for (int i = 0; i < 80; i++) {
        fds[i] = dial(f);
        loop_turn(f->loop);
    }
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 0);
    assert_true(answered(f, "hello"));
    reply_text(f->late[0], 200, "late one");
    buf_reset(&f->in);
    assert_int_equal(raw_read(f->loop, late, &f->in, "late one", 1), 0);
    raw_say(f->loop, fds[79], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); /* the newest are still there */
    assert_int_equal(raw_read(f->loop, fds[79], &f->in, "hello", 1), 0);
    for (int i = 0; i < 80; i++)
        close(fds[i]);
    close(late);
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

/* What the kernel keeps for a client, on connections from now on. */
static void shrink_send_buffers(void)
{
    const int small = 4096;
    int listens;
    socklen_t len = sizeof listens;

    for (int fd = 0; fd < 100; fd++)
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens)
            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
}

static void test_who_takes_its_answer_too_slowly_is_cut_off(void **state)
{
    enum { ANSWER = 400000 };
    struct fixture f = {0};
    struct http_server_options o = options;
    const int64_t end = clk_mono_ms() + RAW_PATIENCE_MS;
    const int small = 4096;
    char piece[1024];
    size_t taken = 0;
    ssize_t got = 1;
    (void)state;

    o.request_seconds = 1;
    open_server(&f, &o);
    shrink_send_buffers();
    const int fd = dial(&f);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    char *whole = str_printf("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%0*d",
                             ANSWER, ANSWER, 0);
    raw_say(f.loop, fd, whole);
    while (got > 0 || (got < 0 && errno == EAGAIN)) {
        assert_true(clk_mono_ms() < end);
        for (int i = 0; i < 10; i++, (void)poll(NULL, 0, 1))
            loop_turn(f.loop);
        got = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        taken += got > 0 ? (size_t)got : 0;
    }
    assert_int_equal(f.requests, 1);
    assert_in_range(taken, 1, ANSWER - 1);
    free(whole);
    close(fd);
    close_server(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_large_bodies_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_descriptors_the_server_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals_can_be_told_otherwise, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bodies_have_a_bound_together, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silent_ones_make_room, setup, teardown),
        cmocka_unit_test(test_silent_connections_are_closed),
        cmocka_unit_test(test_slow_requests_are_cut_off),
        cmocka_unit_test(test_who_takes_its_answer_too_slowly_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
