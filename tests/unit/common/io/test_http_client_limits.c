#include "tests/unit/common/io/http_client_fixture.h"

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

    /* silence within an answer, not before it: the first byte comes later than a stall may last */
    int port;
    int listener = raw_listen(&port);
    o = options;
    o.stall_seconds = 1;
    open_client(&f, &o);
    start(&f, &r, port, "/");
    int fd = raw_accept(f.loop, listener), late = 0;
    timer_start(f.loop, 2500, on_flag, &late);
    raw_wait(f.loop, &late);
    assert_int_equal(r.called, 0);
    raw_say(f.loop, fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
    raw_wait(f.loop, &r.called);
    assert_int_equal(r.rc, ERR_TIMEOUT);
    assert_true(r.sent);
    close(fd);
    close_client(&f);

    /* TLS to a server that never says hello: still connecting, so nothing was sent */
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
    for (int i = 0; i < 20; i++) {
        if (r[i].called == 0)
            continue;
        result_clear(&r[i]); /* one that was quick starts again */
        start(f, &r[i], http_server_port(f->server), "/late");
    }
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
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bodies_wait_for_a_place, setup, teardown),
        cmocka_unit_test(test_waiting_does_not_time_out),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_among_finished, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_cancels_and_waits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
