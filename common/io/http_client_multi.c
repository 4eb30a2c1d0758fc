#include "common/io/http_client_multi.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <stdlib.h>
#include <uv.h>

struct multi {
    struct loop *loop;
    CURLM *curl;
    uv_timer_t timer;
    int handles; /* the timer and the watched sockets */
    void (*on_end)(void *call, CURLcode code);
    void (*closed)(void *arg);
    void *closed_arg;
};

struct watch {
    uv_poll_t poll;
    struct multi *multi;
    curl_socket_t fd;
};

static void act(struct multi *m, curl_socket_t fd, int events)
{
    CURLMsg *message;
    int left;

    CHECK(curl_multi_socket_action(m->curl, fd, events, &left) == CURLM_OK);
    while ((message = curl_multi_info_read(m->curl, &left))) {
        char *call = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        m->on_end(call, message->data.result);
    }
}

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
    const struct watch *w = poll->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    act(w->multi, w->fd, flags);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void handle_gone(struct multi *m)
{
    if (--m->handles > 0)
        return;
    m->closed(m->closed_arg);
    free(m);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    handle_gone(w->multi);
    free(w);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct multi *m = arg;
    struct watch *w = socket_arg;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    (void)easy;

    if (what == CURL_POLL_REMOVE) {
        if (w) {
            curl_multi_assign(m->curl, fd, NULL);
            uv_close((uv_handle_t *)&w->poll, on_watch_closed);
        }
        return 0;
    }
    if (!w) {
        w = mem_new(1, sizeof *w);
        w->multi = m;
        w->fd = fd;
        CHECK(uv_poll_init(loop_uv(m->loop), &w->poll, fd) == 0);
        w->poll.data = w;
        m->handles++;
        curl_multi_assign(m->curl, fd, w);
    }
    CHECK(uv_poll_start(&w->poll, events, on_socket_ready) == 0);
    return 0;
}

static int set_timer(CURLM *curl, long ms, void *arg)
{
    struct multi *m = arg;
    (void)curl;

    if (ms < 0) {
        uv_timer_stop(&m->timer);
        return 0;
    }
    uv_update_time(m->timer.loop);
    uv_timer_start(&m->timer, on_timer, ms > 0 ? (uint64_t)ms : 1, 0); /* 0 would starve I/O in libuv 1.44 */
    return 0;
}

struct multi *multi_new(struct loop *l, int connections_max, void (*ended)(void *call, CURLcode code))
{
    struct multi *m = mem_new(1, sizeof *m);
    m->loop = l;
    m->on_end = ended;
    CHECK(uv_timer_init(loop_uv(l), &m->timer) == 0);
    m->timer.data = m;
    m->handles = 1;
    CHECK(curl_global_init_mem(CURL_GLOBAL_DEFAULT, mem_lend, free, mem_resize, str_dup, mem_lend_zeroed) == CURLE_OK);
    m->curl = curl_multi_init();
    CHECK(m->curl);
    curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
    curl_multi_setopt(m->curl, CURLMOPT_MAX_HOST_CONNECTIONS, (long)connections_max);
    return m;
}

CURLM *multi_curl(struct multi *m)
{
    return m->curl;
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

void multi_close(struct multi *m, void (*closed)(void *arg), void *arg)
{
    m->closed = closed;
    m->closed_arg = arg;
    curl_multi_cleanup(m->curl);
    curl_global_cleanup();
    uv_close((uv_handle_t *)&m->timer, on_timer_closed);
}
