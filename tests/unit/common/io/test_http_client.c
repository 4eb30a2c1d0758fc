#include "common/base/metrics.h"
#include "tests/unit/common/io/http_client_fixture.h"

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

/* A reused connection may have been idle for too long, so curl would try another. */
static void test_nothing_is_sent_twice(void **state)
{
    struct fixture *f = *state;
    struct result r;
    struct buf in;
    int port;
    int listener = raw_listen(&port), fd;

    buf_init(&in, 100000);
    start(f, &r, port, "/first");
    fd = raw_accept(f->loop, listener);
    assert_int_equal(raw_read(f->loop, fd, &in, "GET /first", 1), 0);
    raw_say(f->loop, fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    raw_wait(f->loop, &r.called);
    result_clear(&r);
    start(f, &r, port, "/second");
    assert_int_equal(raw_read(f->loop, fd, &in, "GET /second", 1), 0);
    close(fd);
    raw_wait(f->loop, &r.called);
    assert_int_equal(r.rc, ERR_NETWORK);
    assert_true(r.sent);
    assert_string_equal(r.err.text, "the connection was closed before the answer");
    close(listener);
    buf_free(&in);
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
        cmocka_unit_test_setup_teardown(test_nothing_is_sent_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_connection_is_reused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
