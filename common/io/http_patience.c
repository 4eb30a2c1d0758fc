#include "common/io/http_patience.h"
#include "common/base/clk.h"
#include "common/base/mem.h"
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { LOOK_MS = 100, MIB = 1 << 20 };

struct http_guest {
    TAILQ_ENTRY(http_guest) in_guests;
    struct http_patience *patience;
    int fd;
    int64_t until_ms; /* INT64_MAX: it has asked, and waits for us, or hears a stream */
    bool cut;
};

void http_patience_init(struct http_patience *p, int64_t request_ms, int64_t idle_ms, int places)
{
    *p = (struct http_patience){.request_ms = request_ms, .idle_ms = idle_ms, .places = places};
    TAILQ_INIT(&p->guests);
}

static void expect(struct http_guest *g, int64_t within_ms)
{
    g->until_ms = g->patience->request_ms > 0 ? clk_mono_ms() + within_ms : INT64_MAX;
}

static void cut(struct http_guest *g)
{
    g->cut = true;
    (void)shutdown(g->fd, SHUT_RDWR); /* MHD finds its end and closes it */
}

static void make_room(struct http_patience *p)
{
    struct http_guest *g, *first = NULL;

    if (p->taken <= p->places - p->places / 16)
        return;
    TAILQ_FOREACH(g, &p->guests, in_guests)
    if (!g->cut && g->until_ms != INT64_MAX && (!first || g->until_ms < first->until_ms))
        first = g;
    if (first)
        cut(first);
}

void http_patience_notify(void *arg, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_patience *p = arg;
    struct http_guest *g = *slot;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        TAILQ_REMOVE(&p->guests, g, in_guests);
        p->taken--;
        free(g);
        *slot = NULL;
        return;
    }
    p->taken++;
    make_room(p);
    g = mem_new(1, sizeof *g);
    g->patience = p;
    g->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    expect(g, p->request_ms);
    TAILQ_INSERT_TAIL(&p->guests, g, in_guests);
    *slot = g;
}

static struct http_guest *guest_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void http_patience_ends(struct MHD_Connection *connection)
{
    guest_of(connection)->until_ms = INT64_MAX;
}

void http_patience_answers(struct MHD_Connection *connection, size_t bytes)
{
    struct http_guest *g = guest_of(connection);
    const int64_t ms = g->patience->request_ms;

    expect(g, ms + ms * (int64_t)bytes / MIB);
}

void http_patience_begins(struct MHD_Connection *connection)
{
    struct http_guest *g = guest_of(connection);

    expect(g, g->patience->idle_ms + g->patience->request_ms);
}

void http_patience_look(struct http_patience *p)
{
    const int64_t now_ms = clk_mono_ms();
    struct http_guest *g;

    if (p->request_ms == 0 || now_ms - p->looked_ms < LOOK_MS)
        return;
    p->looked_ms = now_ms;
    TAILQ_FOREACH(g, &p->guests, in_guests)
    if (!g->cut && now_ms > g->until_ms)
        cut(g);
}
