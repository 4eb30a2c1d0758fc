#include "api/events_routes.h"
#include "api/answer.h"
#include "api/hub.h"
#include "common/base/clk.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/http_stream.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEARTBEAT_MS = 15000,
    PENDING_BYTES_MAX = 256 * 1024,   /* for a client that reads slowly */
    STREAMS_MAX = 1500,               /* beside them connections stay free for requests */
    STREAMS_OF_A_CALLER_MAX = 300,    /* of them */
    ENDED_LATELY_MS = 10 * 60 * 1000, /* runs that a client may have missed while it was away */
};

/* Events are heard from the start on, and kept until the present state was sent. */
struct stream {
    struct api *api;
    struct stream *next;
    char workspace[UUID_TEXT];
    char *caller;
    struct db_pool *db;
    struct call *call;       /* until the first state is read: who may not enter gets no stream */
    struct http_stream *out; /* NULL before, and once the client is gone */
    struct listener *listener;
    struct timer *heartbeat;
    int64_t until_ms; /* when the caller's token ends */
    bool reading, read_again;
    struct buf kept; /* what was heard while the state is read */
};

static void read_state(struct stream *s, int64_t ended_since_ms);

static void stream_free(struct stream *s)
{
    db_view_free(s->db);
    buf_free(&s->kept);
    free(s->caller);
    free(s);
}

static void add_event(struct buf *b, const char *id, const char *type, const char *text, size_t len)
{
    buf_addf(b, "id: %s\nevent: %s\ndata: ", id, type);
    buf_add(b, text, len);
    buf_add_str(b, "\n\n");
}

/* In a stream every line end counts, a carriage return too: what is none of ours may have them anywhere. */
static bool is_one_line(const struct event *e)
{
    return memchr(e->text, '\n', e->len) == NULL && memchr(e->text, '\r', e->len) == NULL &&
           strpbrk(e->type, "\r\n") == NULL && strpbrk(e->event_id, "\r\n") == NULL;
}

static void heard(void *arg, const struct event *e)
{
    struct stream *s = arg;
    struct buf b;

    if (e == NULL) {
        read_state(s, clk_wall_ms() - ENDED_LATELY_MS);
        return;
    }
    if (!is_one_line(e))
        return;
    if (s->reading) {
        add_event(&s->kept, e->event_id, e->type, e->text, e->len);
        return;
    }
    buf_init(&b, PENDING_BYTES_MAX);
    add_event(&b, e->event_id, e->type, e->text, e->len);
    if (!b.overflow)
        http_stream_write(s->out, b.data, b.len);
    buf_free(&b);
}

static void on_heartbeat(void *arg);

/* Sooner when the token ends before. */
static void await_heartbeat(struct stream *s)
{
    const int64_t left_ms = s->until_ms - clk_wall_ms();
    s->heartbeat = timer_start(s->api->service->loop, left_ms > 0 && left_ms < HEARTBEAT_MS ? left_ms : HEARTBEAT_MS,
                               on_heartbeat, s);
}

static void on_heartbeat(void *arg)
{
    struct stream *s = arg;

    await_heartbeat(s);
    if (clk_wall_ms() >= s->until_ms)
        http_stream_end(s->out);
    else
        http_stream_write(s->out, ":\n\n", 3); /* so that a client that left is noticed */
}

/* Hears no more. */
static void leave(struct stream *s)
{
    struct stream **at = &s->api->streams;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    s->api->stream_count--;
    hub_leave(s->listener);
    timer_cancel(s->heartbeat);
}

static void on_gone(void *arg)
{
    struct stream *s = arg;

    s->out = NULL;
    leave(s);
    if (!s->reading)
        stream_free(s);
}

static void begin(struct stream *s)
{
    struct call *c = s->call;

    s->call = NULL;
    await_heartbeat(s);
    s->out = answer_stream(c, "text/event-stream", PENDING_BYTES_MAX, on_gone, s);
    if (s->api->stopping)
        http_stream_end(s->out);
}

static void on_state(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct stream *s = arg;
    struct buf b;

    s->reading = false;
    if (s->call != NULL && rc != 0) {
        answer_err(s->call, e);
        leave(s);
        stream_free(s);
        return;
    }
    if (s->call != NULL)
        begin(s);
    if (s->out == NULL) {
        stream_free(s);
        return;
    }
    if (rc != 0) { /* the client comes again by itself, and finds the state then */
        log_warn("the state for a stream of events cannot be read", F_STR("workspace", s->workspace), F_ERR(e));
        http_stream_end(s->out);
        return;
    }
    buf_init(&b, (size_t)64 << 20);
    for (int i = 0; i < db_rows(r, 0); i++)
        add_event(&b, db_text(r, 0, i, 0), db_text(r, 0, i, 1), db_text(r, 0, i, 2), strlen(db_text(r, 0, i, 2)));
    buf_add(&b, buf_str(&s->kept), s->kept.len);
    if (b.overflow || s->kept.overflow)
        http_stream_end(s->out);
    else if (b.len > 0)
        http_stream_write(s->out, b.data, b.len);
    buf_free(&b);
    buf_free(&s->kept);
    if (s->read_again)
        read_state(s, clk_wall_ms() - ENDED_LATELY_MS);
}

/* ended_since_ms 0: open runs only. */
static void read_state(struct stream *s, int64_t ended_since_ms)
{
    s->read_again = s->reading;
    if (s->reading)
        return;
    s->reading = true;
    struct tx *t = tx_new(s->db);
    (void)TX_ADD(t, "events_now", s->workspace, tx_instant(t, ended_since_ms));
    tx_run(t, on_state, s);
}

static int refuse(struct call *c, int rc, int status, const char *whose, int count)
{
    struct err e;

    (void)err_set(&e, rc, "%s %d streams of events already; no more are served", whose, count);
    answer_problem(c, status, &e);
    return rc;
}

static int check_room(struct call *c)
{
    int count = 0;

    for (const struct stream *s = c->api->streams; s != NULL; s = s->next)
        count += strcmp(s->caller, c->caller.sub) == 0;
    if (count >= STREAMS_OF_A_CALLER_MAX) {
        http_reply_header(c->x, "Retry-After", "15"); /* by the next heartbeat it is known which clients have left */
        return refuse(c, ERR_BUSY, 429, "this caller has", count);
    }
    if (c->api->stream_count >= STREAMS_MAX)
        return refuse(c, ERR_LIMIT, 503, "there are", c->api->stream_count);
    return 0;
}

void events_stream(struct call *c)
{
    const bool again = http_header(c->x, "Last-Event-ID") != NULL;
    struct stream *s;

    if (check_room(c) != 0)
        return;
    s = mem_new(1, sizeof *s);
    *s = (struct stream){
        .api = c->api, .call = c, .next = c->api->streams, .db = c->db, .until_ms = c->caller.exp_s * 1000};
    (void)snprintf(s->workspace, sizeof s->workspace, "%s", c->ws);
    s->caller = str_dup(c->caller.sub);
    buf_init(&s->kept, PENDING_BYTES_MAX);
    c->db = NULL;
    c->api->streams = s;
    c->api->stream_count++;
    s->listener = hub_listen(s->api->hub, s->workspace, heard, s);
    read_state(s, again ? clk_wall_ms() - ENDED_LATELY_MS : 0);
}

void events_end_all(struct api *a)
{
    for (struct stream *s = a->streams; s != NULL; s = s->next)
        if (s->out != NULL)
            http_stream_end(s->out);
}
