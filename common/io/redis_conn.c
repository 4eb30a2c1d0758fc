#include "common/base/backoff.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/io/redis_parts.h"
#include "common/io/resolve.h"
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

/* One connection to Redis: RESOLVING -> CONNECTING -> GREETING -> READY, and from each of them by redis_drop() to
 * BACKING_OFF, which begins anew.
 *
 * hiredis 0.14 has no time limits, looks up names synchronously, and its asynchronous half frees itself under its
 * caller and asserts on what the server sends; its buffered writing crashes without memory. So only its reader and its
 * non-blocking socket are used here; commands wait in a list of ours, answered in the order they were sent. */

enum {
    CONNECT_TIMEOUT_MS = 5000,
    READER_BYTES_KEPT = 64 * 1024,
    BACKOFF_BASE_MS = 50,
    BACKOFF_CAP_MS = 500, /* so that work goes on within a second of its return */
};

static void connect_now(void *arg);

void redis_release(struct redis *r)
{
    void (*closed)(void *arg) = r->closed;
    void *arg = r->closed_arg;

    if (--r->open > 0 || r->state != CLOSED)
        return;
    redis_url_free(&r->url);
    free(r->client_name);
    free(r->place);
    free(r->channel);
    free(r);
    closed(arg);
}

static void stop_timer(struct redis *r)
{
    timer_cancel(r->timer);
    r->timer = NULL;
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

/* Among what was sent may be a password. */
static void forget_sent(struct redis *r)
{
    if (r->out.data)
        explicit_bzero(r->out.data, r->out.len);
    buf_free(&r->out);
    r->out_sent = 0;
}

static void close_socket(struct redis *r)
{
    forget_sent(r);
    if (r->poll)
        uv_close((uv_handle_t *)r->poll, on_poll_closed); /* before the descriptor goes */
    if (r->c)
        redisFree(r->c);
    r->poll = NULL;
    r->c = NULL;
}

void redis_drop(struct redis *r, const char *reason)
{
    bool was_connected = r->state == READY;

    err_set(&r->why, ERR_REDIS_AWAY, "Redis at %s: %s", r->place, reason);
    stop_timer(r);
    close_socket(r);
    redis_end_all(r, &r->why);
    r->state = BACKING_OFF;
    r->settled = 1;
    r->failures++;
    r->timer = timer_start(r->loop, backoff_ms(r->failures, BACKOFF_BASE_MS, BACKOFF_CAP_MS), connect_now, r);
    if (was_connected && r->changed)
        r->changed(r->changed_arg, false);
}

static void on_poll(uv_poll_t *poll, int status, int events);

void redis_watch(struct redis *r, int events)
{
    CHECK(uv_poll_start(r->poll, events, on_poll) == 0);
}

/* The reader's own way to give a large buffer back ends the program when it is refused a small one. */
static void trim_reader(redisContext *c, size_t most)
{
    redisReader *fresh = most > READER_BYTES_KEPT && c->reader->len == c->reader->pos ? redisReaderCreate() : NULL;

    if (!fresh)
        return;
    fresh->maxbuf = 0;
    redisReaderFree(c->reader);
    c->reader = fresh;
}

static void on_readable(struct redis *r)
{
    redisContext *c = r->c;
    void *reply = NULL;
    size_t most;

    if (redisBufferRead(c) != REDIS_OK) {
        redis_drop(r, c->errstr);
        return;
    }
    most = c->reader->len;
    while (r->c == c) { /* until a callback drops or closes this connection */
        if (redisGetReplyFromReader(c, &reply) != REDIS_OK) {
            redis_drop(r, c->errstr);
            return;
        }
        if (!reply) {
            trim_reader(c, most);
            return;
        }
        redis_answer(r, reply);
        freeReplyObject(reply);
    }
}

static void on_writable(struct redis *r)
{
    const size_t rest = r->out.len - r->out_sent;
    ssize_t sent = rest > 0 ? send(r->c->fd, r->out.data + r->out_sent, rest, MSG_NOSIGNAL) : 0;

    if (r->out.overflow) {
        redis_drop(r, "too much waits to be sent, or there is no memory for it");
    } else if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR)
            redis_drop(r, strerror(errno));
    } else if ((size_t)sent == rest) {
        forget_sent(r);
        redis_watch(r, UV_READABLE);
    } else {
        r->out_sent += (size_t)sent;
    }
}

static void greet(struct redis *r);

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct redis *r = poll->data;
    int error = 0;
    socklen_t size = sizeof error;

    if (status < 0 || r->state == CONNECTING) { /* libuv reports any error as EBADF; the socket knows better */
        if (getsockopt(r->c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || (status < 0 && error == 0))
            error = status < 0 ? -status : EIO;
        if (error != 0) {
            redis_drop(r, strerror(error));
            return;
        }
        greet(r);
    }
    if (events & UV_WRITABLE)
        on_writable(r);
    if (r->poll == poll && (events & UV_READABLE))
        on_readable(r);
}

/* ---- connecting ---- */

static void on_connect_timeout(void *arg)
{
    struct redis *r = arg;

    r->timer = NULL;
    redis_drop(r, "no connection in time");
}

static void be_ready(struct redis *r)
{
    stop_timer(r);
    r->state = READY;
    r->settled = 1;
    if (r->channel)
        r->failures = 0;
    if (r->was_ready)
        metric_add(M_REDIS_RECONNECTS, 1);
    r->was_ready = true;
    if (r->changed)
        r->changed(r->changed_arg, true);
}

void redis_on_greeted(void *arg, int rc, const struct redis_reply *reply, const struct err *e)
{
    struct redis *r = arg;

    (void)reply;
    if (rc == ERR_REDIS)
        redis_drop(r, e->text);
    else if (rc == 0 && --r->greetings == 0)
        be_ready(r);
}

static void on_login(void *arg, int rc, const struct redis_reply *reply, const struct err *e)
{
    char reason[64];

    if (rc != ERR_REDIS) {
        redis_on_greeted(arg, rc, reply, e);
        return;
    }
    /* Of the refusal only its first word: some servers quote the command, and it holds the password. */
    snprintf(reason, sizeof reason, "AUTH was refused: %.*s", (int)strcspn(e->text, " "), e->text);
    redis_drop(arg, reason);
}

static void greet(struct redis *r)
{
    r->state = GREETING;
    r->greetings = 0;
    if (r->url.password && r->url.user[0])
        redis_say(r, on_login, 3, (const char *[]){"AUTH", r->url.user, secret_reveal(r->url.password)});
    else if (r->url.password)
        redis_say(r, on_login, 2, (const char *[]){"AUTH", secret_reveal(r->url.password)});
    if (r->url.db != 0) {
        char db[16];
        snprintf(db, sizeof db, "%d", r->url.db);
        redis_say(r, redis_on_greeted, 2, (const char *[]){"SELECT", db});
    }
    redis_say(r, redis_on_greeted, 3, (const char *[]){"CLIENT", "SETNAME", r->client_name});
    redis_say(r, redis_on_greeted, 1, (const char *[]){"PING"}); /* refused while Redis loads its data */
    if (r->channel)
        redis_say(r, redis_on_greeted, 2, (const char *[]){"SUBSCRIBE", r->channel});
}

static void open_socket(struct redis *r, const char *address)
{
    r->c = r->url.path ? redisConnectUnixNonBlock(r->url.path) : redisConnectNonBlock(address, r->url.port);
    if (!r->c || r->c->err) {
        redis_drop(r, r->c ? r->c->errstr : "hiredis had no memory");
        return;
    }
    r->c->reader->maxbuf = 0; /* trim_reader() */
    if (!r->url.path)
        redisEnableKeepAlive(r->c); /* a subscriber would never notice that the other host is gone */
    r->poll = mem_new(1, sizeof *r->poll);
    CHECK(uv_poll_init(loop_uv(r->loop), r->poll, r->c->fd) == 0);
    r->poll->data = r;
    r->state = CONNECTING;
    r->timer = timer_start(r->loop, CONNECT_TIMEOUT_MS, on_connect_timeout, r);
    redis_watch(r, UV_WRITABLE);
}

static void on_resolved(void *arg, int rc, const char *address, const struct err *e)
{
    struct redis *r = arg;

    r->resolving = NULL;
    if (r->state == RESOLVING && rc == 0)
        open_socket(r, address);
    else if (r->state == RESOLVING)
        redis_drop(r, e->text);
    redis_release(r);
}

static void connect_now(void *arg)
{
    struct redis *r = arg;

    r->timer = NULL;
    r->settled = 0;
    if (r->url.path) {
        open_socket(r, NULL);
        return;
    }
    r->state = RESOLVING;
    r->open++;
    r->resolving = resolve_start(r->loop, r->url.host, on_resolved, r);
}

/* ---- life ---- */

static bool name_fits(const char *name) /* CLIENT SETNAME takes no spaces and nothing unprintable */
{
    while (*name > ' ' && *name <= '~')
        name++;
    return *name == '\0';
}

int redis_new(struct loop *l, const char *url, const char *client_name, struct redis **out, struct err *e)
{
    struct redis_url parsed;
    int rc = redis_url_parse(url, &parsed, e);

    if (rc != 0)
        return rc;
    CHECK(name_fits(client_name));
    struct redis *r = mem_new(1, sizeof *r);
    r->loop = l;
    r->url = parsed;
    r->client_name = str_dup(client_name);
    r->place = r->url.path ? str_dup(r->url.path) : str_printf("%s:%d", r->url.host, r->url.port);
    r->sent_end = &r->sent;
    buf_init(&r->out, REDIS_OUT_BYTES_MAX);
    err_set(&r->why, ERR_REDIS_AWAY, "Redis at %s: still connecting", r->place);
    r->state = BACKING_OFF;
    r->timer = timer_start(l, 0, connect_now, r);
    *out = r;
    return 0;
}

static void on_close_turn(void *arg)
{
    redis_release(arg);
}

void redis_close(struct redis *r, void (*closed)(void *arg), void *arg)
{
    struct err e;

    CHECK(r->state != CLOSED);
    r->state = CLOSED;
    r->closed = closed;
    r->closed_arg = arg;
    stop_timer(r);
    close_socket(r);
    if (r->resolving)
        resolve_cancel(r->resolving);
    err_set(&e, ERR_CANCELED, "the connection to Redis was closed");
    redis_end_all(r, &e);
    r->open++;
    loop_defer(r->loop, on_close_turn, r);
}

bool redis_ready(const struct redis *r)
{
    return r->state == READY;
}

void redis_on_state(struct redis *r, void (*changed)(void *arg, bool connected), void *arg)
{
    r->changed = changed;
    r->changed_arg = arg;
}
