#include "common/io/http_server.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/http_exchange.h"
#include "common/io/http_listen.h"
#include "common/io/http_patience.h"
#include "common/io/http_stream.h"
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* libmicrohttpd 0.9.75 under a foreign loop:
 *  - its sockets are edge-triggered, so after each MHD_run its timeout must be asked; "now" is a uv_idle, because a
 * timer that re-arms itself with 0 ms starves I/O in libuv 1.44;
 *  - MHD_resume_connection wakes nobody: a run must be arranged;
 *  - a suspended connection neither times out nor notices that its client left: an exchange may outlive it;
 *  - a request with more parameters than its memory holds is neither answered nor closed;
 *  - a response queued before the last call of the access handler ends the connection, so answers wait for that call;
 *  - without a descriptor for a new connection it stops listening until another one ends, and spins when there is none;
 *  - all suspended connections must be resumed before MHD_stop_daemon;
 *  - of a connection's memory it writes to half at once, which all idle streams then hold; beyond 32 KiB it is mapped
 *    alone and goes back when the connection ends;
 *  - its parser accepts ambiguous framing: http_framing_is_sound() does not. */

enum {
    CONNECTION_MEMORY = 40 * 1024, /* request line and headers of one connection, and its read buffer */
    PARAMS_MAX = 200,              /* of a query; of some 300 a connection's memory is full */
    ACCEPT_RETRY_MS = 100,
    BODY_DISCARD_MAX = 1024 * 1024, /* of a body past the cap, so that its sender hears of it; then it is cut off */
};

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    http_handler handler;
    void *arg;
    struct MHD_Daemon *daemon;
    int port;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_idle_t idle;
    int handles;
    bool run_again;
    struct http_exchange *exchanges;
    struct http_patience patience;
    size_t bodies_bytes; /* of all open requests */
    bool closing;
    int64_t grace_ms;
    struct timer *grace;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* --- requests --- */

static enum MHD_Result queue_response(struct http_exchange *x)
{
    return MHD_queue_response(x->connection, x->status, x->response);
}

static enum MHD_Result refuse(struct http_exchange *x, int status, const char *why)
{
    struct http_server *s = x->server;

    x->handed = x->last = true;
    if (s->options.refuse)
        s->options.refuse(s->arg, x, status, why);
    else
        http_reply(x, status, "text/plain; charset=utf-8", why, strlen(why));
    CHECK(x->response);
    return queue_response(x);
}

static enum MHD_Result refuse_too_large(struct http_exchange *x)
{
    return refuse(x, 413, "the body is too large\n");
}

/* Headers are there, the body is not yet read. A response queued here closes the connection, and who is still sending
 * then may never read it: what is a little too large is read to its end. */
static enum MHD_Result on_headers(struct http_exchange *x, const char *version)
{
    const char *length = http_header(x, "Content-Length");
    const int64_t max = (int64_t)x->server->options.body_bytes_max;
    int64_t bytes = 0;

    if (!http_framing_is_sound(x, version))
        return refuse(x, 400, "the request is ambiguous\n");
    /* MHD has refused everything but digits; what does not fit into 63 bits is too large as well. */
    if (length && !str_to_i64(length, 0, INT64_MAX, &bytes))
        return refuse_too_large(x);
    x->too_large = bytes > max;
    if (x->too_large && (bytes - max > BODY_DISCARD_MAX || http_header(x, "Expect")))
        return refuse_too_large(x);
    return MHD_YES;
}

static void forget_body(struct http_exchange *x)
{
    x->server->bodies_bytes -= x->body.len;
    buf_free(&x->body);
}

static enum MHD_Result on_body(struct http_exchange *x, const char *data, size_t *len)
{
    struct http_server *s = x->server;
    const size_t room = s->options.bodies_bytes_max;

    if (!x->too_large && !x->crowded) {
        s->bodies_bytes -= x->body.len;
        buf_add(&x->body, data, *len);
        s->bodies_bytes += x->body.len;
        x->too_large = x->body.overflow;
        x->crowded = room > 0 && s->bodies_bytes > room;
        if (x->too_large || x->crowded)
            forget_body(x);
    }
    if (x->too_large)
        x->discarded += *len;
    *len = 0;
    return x->discarded > s->options.body_bytes_max + BODY_DISCARD_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_whole_request(struct http_exchange *x)
{
    if (x->too_large && !x->ended)
        return refuse_too_large(x);
    if (x->crowded && !x->ended)
        return refuse(x, 503, "too much is being sent at once; try again\n");
    if (x->body.overflow && !x->ended)
        return refuse(x, 503, "no memory for the body\n");
    if (!x->handed) {
        x->handed = true;
        http_patience_ends(x->connection);
        x->server->handler(x->server->arg, x);
    }
    if (!x->ended) {
        x->suspended = true;
        MHD_suspend_connection(x->connection);
        return MHD_YES;
    }
    return x->response ? queue_response(x) : MHD_NO;
}

static void open_exchange(struct http_server *s, struct http_exchange *x)
{
    x->server = s;
    x->loop = s->loop;
    x->next = s->exchanges;
    if (x->next)
        x->next->prev = x;
    s->exchanges = x;
}

/* Stands in the slot of a request with a NUL in its path. */
static char unsound;

/* The request's target as it came; what is returned is the first content of the slot. Decoded, it would end at a NUL.
 */
static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    static const char too_long[] = "HTTP/1.1 414 URI Too Long\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    const char *nul = strstr(target, "%00");
    int params = 0;

    (void)arg;
    for (const char *at = strchr(target, '&'); at && params <= PARAMS_MAX; at = strchr(at + 1, '&'))
        params++;
    if (params > PARAMS_MAX) {
        const int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        (void)send(fd, too_long, sizeof too_long - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)shutdown(fd, SHUT_RDWR);
    }
    return nul && nul < target + strcspn(target, "?") ? &unsound : NULL;
}

/* Called with the headers, then with each piece of the body, then at the end; and at the end again after a resume. */
static enum MHD_Result on_access(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *len, void **slot)
{
    const bool malformed = *slot == &unsound;
    struct http_exchange *x = malformed ? NULL : *slot;

    if (!x) {
        struct http_server *s = arg;
        x = *slot = http_exchange_new(connection, method, url, s->options.body_bytes_max);
        x->malformed |= malformed;
        open_exchange(s, x);
        return on_headers(x, version);
    }
    return *len ? on_body(x, data, len) : on_whole_request(x);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode reason)
{
    struct http_server *s = arg;
    struct http_exchange *x = *slot == &unsound ? NULL : *slot;
    (void)reason;

    http_patience_begins(connection);
    if (!x)
        return;
    s->bodies_bytes -= x->body.len;
    *slot = NULL;
    if (x->prev)
        x->prev->next = x->next;
    else
        s->exchanges = x->next;
    if (x->next)
        x->next->prev = x->prev;
    x->server = NULL;
    x->connection = NULL;
    if (!x->handed || x->ended)
        http_exchange_free(x);
}

/* --- the loop --- */

static unsigned connections(const struct http_server *s)
{
    return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

static void finish(struct http_server *s);
static void on_idle(uv_idle_t *idle);
static void on_timer(uv_timer_t *timer);

static void on_poll(uv_poll_t *poll, int status, int events);

static void run(struct http_server *s)
{
    s->run_again = false;
    if (!uv_is_active((uv_handle_t *)&s->poll))
        CHECK(uv_poll_start(&s->poll, UV_READABLE, on_poll) == 0);
    MHD_run(s->daemon);
    http_patience_look(&s->patience);
    if (s->closing && !s->exchanges) {
        finish(s);
        return;
    }

    unsigned long long ms = 0;
    bool has_timeout = MHD_get_timeout(s->daemon, &ms) == MHD_YES;
    if (s->run_again || (has_timeout && ms == 0))
        uv_idle_start(&s->idle, on_idle);
    else
        uv_idle_stop(&s->idle);
    if (has_timeout && ms > 0) {
        uv_update_time(s->timer.loop);
        uv_timer_start(&s->timer, on_timer, ms, 0);
    } else {
        uv_timer_stop(&s->timer);
    }
}

static void on_idle(uv_idle_t *idle)
{
    run(idle->data);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct http_server *s = poll->data;
    const bool unconnected = connections(s) == 0;
    (void)status, (void)events; /* errors of single sockets are MHD's to find */

    run(s);
    /* Somebody came and was not let in: there is no descriptor, or no memory. */
    if (unconnected && !uv_is_closing((uv_handle_t *)poll) && connections(s) == 0) {
        uv_poll_stop(poll);
        uv_timer_start(&s->timer, on_timer, ACCEPT_RETRY_MS, 0);
    }
}

/* --- replies --- */

void http_exchange_resume(struct http_exchange *x)
{
    struct http_server *s = x->server;
    MHD_resume_connection(x->connection);
    s->run_again = true;
    uv_idle_start(&s->idle, on_idle);
}

/* Marks x as answered; false when it is freed because its connection is gone. */
static bool end_exchange(struct http_exchange *x)
{
    CHECK(x->handed && !x->ended);
    x->ended = true;
    if (x->server)
        return true;
    http_exchange_free(x);
    return false;
}

static void reply(struct http_exchange *x, int status, const char *content_type, const struct http_bytes *body)
{
    if (!end_exchange(x))
        return;
    http_exchange_respond(x, status, content_type, body, x->last || x->server->closing);
    http_patience_answers(x->connection, body->len);
    if (x->suspended)
        http_exchange_resume(x);
}

void http_reply(struct http_exchange *x, int status, const char *content_type, const char *body, size_t len)
{
    reply(x, status, content_type, &(struct http_bytes){body, len, false});
}

void http_reply_lasting(struct http_exchange *x, int status, const char *content_type, const char *body, size_t len)
{
    reply(x, status, content_type, &(struct http_bytes){body, len, true});
}

static int socket_of(const struct http_exchange *x)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

void http_peer(const struct http_exchange *x, char out[64])
{
    const union MHD_ConnectionInfo *info =
        x->server ? MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS) : NULL;

    if (!info || uv_ip_name(info->client_addr, out, 64) != 0)
        out[0] = '\0';
}

void http_send_raw(struct http_exchange *x, const char *bytes, size_t len)
{
    if (x->server)
        (void)send(socket_of(x), bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL); /* what does not fit is lost */
}

void http_exchange_cut(struct http_exchange *x)
{
    /* Dissolving the association makes the kernel send a reset; a plain close would look like a clean end. */
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    (void)connect(socket_of(x), &none, sizeof none);
}

void http_exchange_stream(struct http_exchange *x, struct http_stream *stream, const char *content_type,
                          struct MHD_Response *response)
{
    CHECK(response);
    if (!end_exchange(x)) {
        MHD_destroy_response(response);
        return;
    }
    x->stream = stream;
    http_exchange_set_response(x, 200, content_type, response, true);
    if (x->server->closing)
        http_stream_end(stream);
    if (x->suspended)
        http_exchange_resume(x);
}

void http_drop(struct http_exchange *x)
{
    if (!end_exchange(x))
        return;
    http_exchange_cut(x);
    if (x->suspended)
        http_exchange_resume(x);
}

/* --- opening --- */

static struct MHD_Daemon *start_daemon(struct http_server *s, int fd)
{
    const struct http_server_options *o = &s->options;
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, s,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
                            MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL, MHD_OPTION_NOTIFY_CONNECTION,
                            http_patience_notify, &s->patience, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)o->connections_max, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)o->idle_seconds,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT,
                            1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

int http_server_new(struct loop *l, const struct http_server_options *o, http_handler handler, void *arg,
                    struct http_server **out, struct err *e)
{
    struct http_server *s = mem_new(1, sizeof *s);
    s->loop = l;
    s->options = *o;
    s->handler = handler;
    s->arg = arg;
    http_patience_init(&s->patience, INT64_C(1000) * o->request_seconds, INT64_C(1000) * o->idle_seconds,
                       o->connections_max);

    int fd = -1;
    int rc = http_listen(o->host, o->port, o->ports_to_try, &fd, &s->port, e);
    if (rc < 0) {
        free(s);
        return rc;
    }
    s->options.host = NULL; /* borrowed for this call only */
    s->daemon = start_daemon(s, fd);
    if (!s->daemon) {
        close(fd);
        free(s);
        return err_set(e, -EMFILE, "cannot start the HTTP server: out of memory or descriptors");
    }

    struct uv_loop_s *uv = loop_uv(l);
    int epoll = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    CHECK(uv_poll_init(uv, &s->poll, epoll) == 0 && uv_timer_init(uv, &s->timer) == 0 &&
          uv_idle_init(uv, &s->idle) == 0);
    s->poll.data = s->timer.data = s->idle.data = s;
    s->handles = 3;
    CHECK(uv_poll_start(&s->poll, UV_READABLE, on_poll) == 0);
    *out = s;
    return 0;
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}

/* --- closing --- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;
    if (--s->handles > 0)
        return;
    loop_defer(s->loop, s->closed, s->closed_arg); /* behind what the last streams tell */
    free(s);
}

static void finish(struct http_server *s)
{
    timer_cancel(s->grace);
    uv_close((uv_handle_t *)&s->poll, on_handle_closed); /* before MHD closes the descriptor */
    uv_close((uv_handle_t *)&s->timer, on_handle_closed);
    for (struct http_exchange *x = s->exchanges; x; x = x->next) {
        if (x->stream)
            http_stream_end(x->stream);
        else if (x->suspended && !x->ended)
            MHD_resume_connection(x->connection);
    }
    MHD_stop_daemon(s->daemon);
    CHECK(!s->exchanges);
    uv_close((uv_handle_t *)&s->idle, on_handle_closed);
}

static void on_grace_over(void *arg)
{
    struct http_server *s = arg;
    s->grace = NULL;
    finish(s);
}

static void begin_close(void *arg)
{
    struct http_server *s = arg;
    close(MHD_quiesce_daemon(s->daemon));
    s->closing = true;
    for (struct http_exchange *x = s->exchanges; x; x = x->next)
        if (x->stream)
            http_stream_end(x->stream);
    if (s->exchanges)
        s->grace = timer_start(s->loop, s->grace_ms, on_grace_over, s);
    else
        finish(s);
}

void http_server_close(struct http_server *s, int64_t grace_ms, void (*closed)(void *arg), void *arg)
{
    CHECK(!s->closed);
    s->closed = closed;
    s->closed_arg = arg;
    s->grace_ms = grace_ms;
    loop_defer(s->loop, begin_close, s); /* the caller may be a handler, inside MHD */
}
