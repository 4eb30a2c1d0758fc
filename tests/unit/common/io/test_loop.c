#include "common/io/loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

struct trace {
    struct loop *loop;
    char text[32];
    int done;
    struct timer *timer;
};

static void add(struct trace *t, char c)
{
    size_t len = strlen(t->text);
    assert_true(len + 1 < sizeof t->text);
    t->text[len] = c;
}

static void add_a(void *arg)
{
    add(arg, 'a');
}

static void add_b(void *arg)
{
    struct trace *t = arg;
    add(t, 'b');
    loop_defer(t->loop, add_a, t);
}

static void add_c(void *arg)
{
    add(arg, 'c');
}

static void test_deferred_calls_come_in_order_on_the_next_turn(void **state)
{
    (void)state;
    struct trace t = {.loop = loop_new()};

    loop_defer(t.loop, add_a, &t);
    loop_defer(t.loop, add_b, &t); /* defers a third one */
    loop_defer(t.loop, add_c, &t);
    assert_string_equal(t.text, "");
    loop_turn(t.loop);
    assert_string_equal(t.text, "abc");
    loop_turn(t.loop);
    assert_string_equal(t.text, "abca");
    loop_run(t.loop); /* nothing is left: returns */
    assert_string_equal(t.text, "abca");
    loop_free(t.loop);
}

static void cancel_other(void *arg)
{
    struct trace *t = arg;
    add(t, 'x');
    timer_cancel(t->timer);
}

static void test_timers_fire_once_in_time_order(void **state)
{
    (void)state;
    struct trace t = {.loop = loop_new()};

    timer_start(t.loop, 20, add_c, &t);
    timer_start(t.loop, 0, add_a, &t);
    timer_start(t.loop, -5, add_a, &t);
    assert_string_equal(t.text, "");
    loop_run(t.loop);
    assert_string_equal(t.text, "aac");
    loop_free(t.loop);
}

static void test_cancelled_timers_are_never_called(void **state)
{
    (void)state;
    struct trace t = {.loop = loop_new()};

    timer_cancel(NULL);
    timer_cancel(timer_start(t.loop, 1, add_a, &t));
    t.timer = timer_start(t.loop, 5, add_b, &t);
    timer_start(t.loop, 1, cancel_other, &t);
    loop_run(t.loop);
    assert_string_equal(t.text, "x");
    loop_free(t.loop);
}

struct count {
    struct loop *loop;
    int left, ticks, done;
};

static void rearm(void *arg)
{
    struct count *n = arg;
    n->ticks++;
    if (!n->done)
        timer_start(n->loop, 0, rearm, n);
}

static void on_pipe(uv_poll_t *handle, int status, int events)
{
    struct count *n = handle->data;
    (void)status;
    (void)events;
    n->done = 1;
    uv_close((uv_handle_t *)handle, NULL);
}

/* libuv 1.44 would never come to this pipe if the timer were re-armed with 0 ms. */
static void test_rearmed_timers_let_input_through(void **state)
{
    (void)state;
    struct count n = {.loop = loop_new()};
    uv_poll_t handle;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(uv_poll_init(loop_uv(n.loop), &handle, fds[0]), 0);
    handle.data = &n;
    uv_poll_start(&handle, UV_READABLE, on_pipe);
    timer_start(n.loop, 0, rearm, &n);
    loop_run(n.loop);
    assert_true(n.done);
    close(fds[0]);
    close(fds[1]);
    loop_free(n.loop);
}

struct work {
    struct loop *loop;
    atomic_int running, most;
    int done, all;
};

static void work(void *arg)
{
    struct work *w = arg;
    int now = atomic_fetch_add(&w->running, 1) + 1, most = atomic_load(&w->most);
    while (now > most && !atomic_compare_exchange_weak(&w->most, &most, now)) {
    }
    usleep(2000);
    atomic_fetch_sub(&w->running, 1);
}

static void on_work(void *arg)
{
    struct work *w = arg;
    w->done++;
    w->all = w->done == 40;
}

static void test_work_runs_on_at_most_as_many_threads_as_cores(void **state)
{
    (void)state;
    struct work w = {.loop = loop_new()};

    for (int i = 0; i < 40; i++)
        loop_work(w.loop, work, on_work, &w);
    assert_int_equal(w.done, 0);
    loop_run_until(w.loop, &w.all);
    assert_int_equal(w.done, 40);
    assert_in_range(atomic_load(&w.most), 1, uv_available_parallelism());
    loop_free(w.loop);
}

static void on_stop(void *arg)
{
    struct trace *t = arg;
    add(t, 's');
    loop_ignore_stop(t->loop);
    loop_ignore_stop(t->loop);
}

static void test_a_signal_stops_once(void **state)
{
    (void)state;
    struct trace t = {.loop = loop_new()};

    loop_on_stop(t.loop, on_stop, &t);
    raise(SIGTERM);
    loop_run(t.loop);
    assert_string_equal(t.text, "s");
    loop_free(t.loop);
}

/* Runs body in a child; its wait status. */
static int in_child(void (*body)(void))
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        assert_non_null(freopen("/dev/null", "w", stderr));
        body();
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void stop_and_hang(void *arg)
{
    (void)arg;
    raise(SIGINT); /* the impatient second one */
}

static void stop_twice(void)
{
    struct loop *l = loop_new();
    loop_on_stop(l, stop_and_hang, NULL);
    raise(SIGTERM);
    loop_run(l);
}

static void test_a_second_signal_ends_the_process(void **state)
{
    (void)state;
    int status = in_child(stop_twice);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void leave_a_timer(void)
{
    struct loop *l = loop_new();
    timer_start(l, 1000, add_a, NULL);
    loop_free(l);
}

static void test_freeing_a_loop_with_a_handle_is_a_bug(void **state)
{
    (void)state;
    int status = in_child(leave_a_timer);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 99);
}

static void test_a_closed_pipe_does_not_kill(void **state)
{
    (void)state;
    struct loop *l = loop_new();
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    assert_int_equal(write(fds[1], "x", 1), -1); /* instead of SIGPIPE */
    close(fds[1]);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deferred_calls_come_in_order_on_the_next_turn),
        cmocka_unit_test(test_timers_fire_once_in_time_order),
        cmocka_unit_test(test_cancelled_timers_are_never_called),
        cmocka_unit_test(test_rearmed_timers_let_input_through),
        cmocka_unit_test(test_work_runs_on_at_most_as_many_threads_as_cores),
        cmocka_unit_test(test_a_signal_stops_once),
        cmocka_unit_test(test_a_second_signal_ends_the_process),
        cmocka_unit_test(test_freeing_a_loop_with_a_handle_is_a_bug),
        cmocka_unit_test(test_a_closed_pipe_does_not_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
