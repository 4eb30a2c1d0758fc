#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/io/ops_server.h"
#include "tests/unit/common/io/raw_socket.h"
#include <stdio.h>

struct fixture {
    struct loop *loop;
    struct ops_server *server;
    const char *problem;
    int closed;
    struct buf in;
};

static const char *ready(void *arg, char problem[256])
{
    struct fixture *f = arg;
    if (!f->problem)
        return NULL;
    snprintf(problem, 256, "not ready: %s", f->problem);
    return problem;
}

static void on_closed(void *arg)
{
    struct fixture *f = arg;
    f->closed = 1;
}

static void open_server(struct fixture *f, const char *listen, bool given)
{
    struct settings s = {.metrics_listen = listen, .metrics_listen_given = given};
    struct err e;

    f->loop = loop_new();
    buf_init(&f->in, RAW_BYTES_MAX);
    assert_int_equal(ops_server_new(f->loop, &s, ready, f, &f->server, &e), 0);
}

static void close_server(struct fixture *f)
{
    ops_server_close(f->server, on_closed, f);
    raw_wait(f->loop, &f->closed);
    loop_free(f->loop);
    buf_free(&f->in);
}

/* The answer to "METHOD path". */
static const char *ask(struct fixture *f, const char *what)
{
    int fd = raw_connect(ops_server_port(f->server));
    char request[200];

    buf_reset(&f->in);
    snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", what);
    raw_say(f->loop, fd, request);
    assert_int_equal(raw_read(f->loop, fd, &f->in, NULL, 0), 0);
    close(fd);
    return buf_str(&f->in);
}

static void test_answers(void **state)
{
    struct fixture f = {0};
    const char *answer;
    (void)state;

    open_server(&f, "127.0.0.1:0", true);
    metric_add(M_CALLS, 7);
    answer = ask(&f, "GET /metrics");
    assert_true(str_starts(answer, "HTTP/1.1 200 "));
    assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4\r\n"));
    assert_non_null(strstr(answer, "\nmetricx_provider_calls_total 7\n"));

    answer = ask(&f, "GET /healthz");
    assert_true(str_starts(answer, "HTTP/1.1 200 ") && strstr(answer, "\r\n\r\nok\n"));
    assert_true(str_starts(ask(&f, "HEAD /healthz"), "HTTP/1.1 200 "));

    answer = ask(&f, "GET /readyz");
    assert_true(str_starts(answer, "HTTP/1.1 200 ") && strstr(answer, "\r\n\r\nready\n"));
    f.problem = "Redis is away";
    answer = ask(&f, "GET /readyz");
    assert_true(str_starts(answer, "HTTP/1.1 503 ") && strstr(answer, "\r\n\r\nnot ready: Redis is away\n"));
    assert_true(str_starts(ask(&f, "GET /healthz"), "HTTP/1.1 200 "));

    assert_true(str_starts(ask(&f, "GET /"), "HTTP/1.1 404 "));
    assert_true(str_starts(ask(&f, "GET /metrics/"), "HTTP/1.1 404 "));
    assert_non_null(strstr(ask(&f, "DELETE /metrics"), "Allow: GET, HEAD\r\n"));
    close_server(&f);
}

static void test_taken_port(void **state)
{
    struct fixture first = {0}, second = {0};
    char listen[64];
    struct err e;
    (void)state;

    open_server(&first, "127.0.0.1:0", true);
    int port = ops_server_port(first.server);
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);

    /* a default goes on to the next free port, a given one does not */
    open_server(&second, listen, false);
    assert_true(ops_server_port(second.server) > port);
    struct settings s = {.metrics_listen = listen, .metrics_listen_given = true};
    struct ops_server *none = NULL;
    assert_int_equal(ops_server_new(first.loop, &s, ready, &first, &none, &e), -EADDRINUSE);
    assert_true(str_starts(e.text, "METRICS_LISTEN: "));
    s.metrics_listen = "nonsense";
    assert_int_equal(ops_server_new(first.loop, &s, ready, &first, &none, &e), ERR_SETTING);
    assert_null(none);
    close_server(&second);
    close_server(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_taken_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
