#include "common/io/http_stream.h"
#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/io/http_exchange.h"
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

/* The reader that libmicrohttpd asks for bytes suspends its connection when there are none; a write resumes it. The
 * response owns the stream: when the one is freed, nobody reads the other any more. */

enum { BLOCK_BYTES = 4096 };

struct http_stream {
    struct loop *loop;
    struct http_exchange *x; /* NULL once its connection is gone */
    size_t pending_max;
    struct buf pending;
    size_t sent; /* of pending */
    bool suspended, ended;
    void (*gone)(void *arg);
    void *arg;
};

static ssize_t read_pending(void *arg, uint64_t at, char *out, size_t room)
{
    struct http_stream *s = arg;
    size_t len = s->pending.len - s->sent;
    (void)at;

    if (len == 0 && s->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (len == 0) {
        s->suspended = true;
        MHD_suspend_connection(s->x->connection);
        return 0;
    }
    if (len > room)
        len = room;
    memcpy(out, s->pending.data + s->sent, len);
    s->sent += len;
    if (s->sent == s->pending.len) {
        buf_free(&s->pending); /* many streams are idle: none keeps memory */
        s->sent = 0;
    }
    return (ssize_t)len;
}

static void tell(void *arg)
{
    struct http_stream *s = arg;
    s->gone(s->arg);
    buf_free(&s->pending);
    free(s);
}

static void on_response_freed(void *arg)
{
    struct http_stream *s = arg;
    s->x = NULL;
    s->ended = true;
    loop_defer(s->loop, tell, s);
}

struct http_stream *http_stream_open(struct http_exchange *x, const char *content_type, size_t pending_max,
                                     void (*gone)(void *arg), void *arg)
{
    struct http_stream *s = mem_new(1, sizeof *s);
    CHECK(s);
    *s = (struct http_stream){.loop = x->loop, .x = x, .pending_max = pending_max, .gone = gone, .arg = arg};
    buf_init(&s->pending, pending_max);
    if (strcmp(http_method(x), "HEAD") == 0) { /* MHD would send the end of a body behind the head */
        http_reply(x, 200, content_type, "", 0);
        on_response_freed(s);
        return s;
    }
    http_exchange_stream(
        x, s, content_type,
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_pending, s, on_response_freed));
    return s;
}

static void resume(struct http_stream *s)
{
    if (!s->suspended)
        return;
    s->suspended = false;
    http_exchange_resume(s->x);
}

void http_stream_write(struct http_stream *s, const char *bytes, size_t len)
{
    if (s->ended)
        return;
    if (s->sent > 0) {
        memmove(s->pending.data, s->pending.data + s->sent, s->pending.len - s->sent);
        s->pending.len -= s->sent;
        s->sent = 0;
    }
    if (s->pending.len == 0) /* nothing waits: this client is not slow, however much this is */
        s->pending.max = s->pending_max + len;
    buf_add(&s->pending, bytes, len);
    if (s->pending.overflow) {
        log_info("a stream is cut off: its client reads too slowly", F_INT("waiting", s->pending.len),
                 F_INT("limit", s->pending_max));
        buf_free(&s->pending);
        s->ended = true;
        http_exchange_cut(s->x);
    }
    resume(s);
}

void http_stream_end(struct http_stream *s)
{
    if (s->ended)
        return;
    s->ended = true;
    resume(s);
}
