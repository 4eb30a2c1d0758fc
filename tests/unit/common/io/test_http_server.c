#include "tests/unit/common/io/http_fixture.h"

static void test_request_is_described(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "GET /describe/a%20b%2Fc?a=1+%26%C3%A9&c&d=&a=2 HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\n"
                            "Connection: close\r\n\r\n"),
                     0);
    assert_true(str_starts(buf_str(&f->in), "HTTP/1.1 201 "));
    assert_true(answered(f, "GET /describe/a b/c agent=me a=1 &\xC3\xA9 missing=1 a=1 &\xC3\xA9;c=;d=;a=2;"));
    assert_true(answered(f, "Content-Type: text/plain\r\n"));
    assert_true(answered(f, "X-One: 1\r\n") && answered(f, "X-Two: 2\r\n"));
    assert_int_equal(f->requests, 1);
}

static void test_methods_reach_the_handler(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "OPTIONS /describe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 0);
    assert_true(answered(f, "OPTIONS /describe"));
    assert_int_equal(ask(f, "DELETE /describe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 0);
    assert_true(answered(f, "DELETE /describe"));
    /* HEAD: the length of the body without the body */
    assert_int_equal(ask(f, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 0);
    assert_true(answered(f, "Content-Length: 5\r\n") && !answered(f, "hello"));
    assert_int_equal(f->requests, 3);
}

static void test_connection_is_kept(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);

    for (int i = 1; i <= 3; i++) {
        raw_say(f->loop, fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_int_equal(raw_read(f->loop, fd, &f->in, "hello", i), 0);
    }
    /* two at once, the first answered late: answers keep their order */
    raw_say(f->loop, fd, "GET /late HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(f->loop, &f->late_count);
    assert_int_equal(f->requests, 4);
    reply_text(f->late[0], 200, "late one");
    assert_int_equal(raw_read(f->loop, fd, &f->in, "hello", 4), 0);
    assert_true(strstr(buf_str(&f->in), "late one") < strstr(strstr(buf_str(&f->in), "late one"), "hello"));
    close(fd);
}

static void test_bodies(void **state)
{
    struct fixture *f = *state;
    const size_t big = 1048576;
    struct buf b;

    assert_int_equal(ask(f, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde"),
                     0);
    assert_true(answered(f, "\r\n\r\nabcde"));
    assert_int_equal(ask(f, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                            "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"),
                     0);
    assert_true(answered(f, "\r\n\r\nabcdefg"));

    buf_init(&b, RAW_BYTES_MAX);
    buf_addf(&b, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", big);
    for (size_t i = 0; i < big; i++)
        buf_add_char(&b, (char)('a' + i % 26));
    assert_int_equal(ask(f, buf_str(&b)), 0);
    assert_memory_equal(f->in.data + f->in.len - big, b.data + b.len - big, big);
    buf_free(&b);
    assert_int_equal(f->requests, 3);
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
    assert_int_equal(ask(f, "GET /describe%00/b?a=b HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
    assert_true(answered(f, " 400 "));
    assert_int_equal(f->requests, 0);
    assert_int_equal(ask(f, "GET /describe%2500?a=%2500 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 0);
    assert_true(answered(f, "GET /describe%00"));
    buf_free(&b);
}

static void test_late_answers(void **state)
{
    struct fixture *f = *state;
    int fds[3];

    for (int i = 0; i < 3; i++) {
        fds[i] = dial(f);
        raw_say(f->loop, fds[i], "POST /late?n=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
        while (f->late_count == i)
            loop_turn(f->loop);
    }
    for (int i = 2; i >= 0; i--) {
        size_t len;
        assert_string_equal(http_body(f->late[i], &len), "hi");
        assert_string_equal(http_query(f->late[i], "n"), "1");
        reply_text(f->late[i], 200, "at last");
        buf_reset(&f->in);
        assert_int_equal(raw_read(f->loop, fds[i], &f->in, "at last", 1), 0);
        close(fds[i]);
    }
}

static void test_answer_to_a_vanished_client(void **state)
{
    struct fixture *f = *state;
    struct linger hard = {.l_onoff = 1};

    for (int i = 0; i < 3; i++) {
        int fd = dial(f);
        raw_say(f->loop, fd, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
        while (f->late_count == i)
            loop_turn(f->loop);
        if (i > 0)
            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
        close(fd);
        for (int turn = 0; turn < 10; turn++)
            loop_turn(f->loop);
        if (i < 2)
            reply_text(f->late[i], 200, "nobody hears this");
        else
            http_drop(f->late[i]);
        for (int turn = 0; turn < 10; turn++)
            loop_turn(f->loop);
    }
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 0);
    assert_true(answered(f, "hello"));
}

static void test_drop_resets(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "GET /drop HTTP/1.1\r\nHost: x\r\n\r\n"), -ECONNRESET);
    assert_int_equal(f->in.len, 0);

    int fd = dial(f);
    raw_say(f->loop, fd, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(f->loop, &f->late_count);
    http_drop(f->late[0]);
    assert_int_equal(raw_read(f->loop, fd, &f->in, NULL, 0), -ECONNRESET);
    assert_int_equal(f->in.len, 0);
    close(fd);
}

static void test_idle_server_sleeps(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);

    raw_say(f->loop, fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(raw_read(f->loop, fd, &f->in, "hello", 1), 0);
    raw_say(f->loop, fd, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(f->loop, &f->late_count);
    for (int turn = 0; turn < 10; turn++)
        loop_turn(f->loop);
    /* One connection waits for its handler: the loop would block until an event, not turn again at once. */
    assert_int_not_equal(uv_backend_timeout(loop_uv(f->loop)), 0);
    reply_text(f->late[0], 200, "late");
    assert_int_equal(raw_read(f->loop, fd, &f->in, "late", 1), 0);
    for (int turn = 0; turn < 10; turn++)
        loop_turn(f->loop);
    assert_int_not_equal(uv_backend_timeout(loop_uv(f->loop)), 0);
    close(fd);
}

/* Byte for byte, never silent; whoever has asked waits as long as the answer takes. */
static void test_ports(void **state)
{
    struct fixture *f = *state;
    struct fixture second = {0};
    struct http_server *none = NULL;
    struct http_server_options o = options;
    struct err e;

    o.port = http_server_port(f->server);
    assert_int_equal(http_server_new(f->loop, &o, handle, f, &none, &e), -EADDRINUSE);
    assert_non_null(strstr(e.text, "127.0.0.1 port "));
    o.ports_to_try = 50;
    open_server(&second, &o);
    assert_true(http_server_port(second.server) > o.port);
    close_server(&second);
    o.host = "localhost";
    assert_int_equal(http_server_new(f->loop, &o, handle, f, &none, &e), ERR_INPUT);
    assert_null(none);
}

static void test_close_waits_for_open_exchanges(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f), silent = dial(f);

    raw_say(f->loop, fd, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_wait(f->loop, &f->late_count);
    http_server_close(f->server, 3600000, on_closed, f);
    f->server = NULL;
    for (int turn = 0; turn < 10; turn++)
        loop_turn(f->loop);
    assert_int_equal(f->closed, 0);
    reply_text(f->late[0], 200, "last words");
    assert_int_equal(raw_read(f->loop, fd, &f->in, NULL, 0), 0);
    assert_true(answered(f, "last words") && answered(f, "Connection: close\r\n"));
    raw_wait(f->loop, &f->closed);
    close(fd);
    close(silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_request_is_described, setup, teardown),
        cmocka_unit_test_setup_teardown(test_methods_reach_the_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(test_connection_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ambiguous_framing_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answer_to_a_vanished_client, setup, teardown),
        cmocka_unit_test_setup_teardown(test_drop_resets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_idle_server_sleeps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_waits_for_open_exchanges, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
