#include "tests/sandbox/sandbox.h"
#include "common/base/check.h"
#include "tests/sandbox/control.h"
#include "tests/sandbox/graph.h"
#include "tests/sandbox/reports.h"

#define REQUEST_BYTES_MAX ((size_t)4 << 20)
#define CONNECTIONS_MAX 2000
#define IDLE_SECONDS 600
#define STOP_GRACE_MS 1000

static void on_request(void *arg, struct http_exchange *x)
{
    struct request *r = request_new(arg, x);
    if (r->segment_count > 0 && strcmp(r->segments[0], "sandbox") == 0)
        control_handle(r);
    else
        graph_handle(r);
}

int sandbox_new(struct loop *l, const struct sandbox_options *o, struct sandbox **out, struct err *e)
{
    struct sandbox *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->options = *o;
    s->loop = l;
    s->limits = o->limits;
    s->versions = o->versions;
    s->too_much.day = DATE_NONE;
    if (o->now_ms != 0)
        vclock_set(&s->clock, o->now_ms);
    if (o->stop_clock)
        vclock_stop(&s->clock, true);
    tokens_put(&s->tokens, o->token)->issued_ms = vclock_now(&s->clock);
    s->by_account = calloc((size_t)o->world.accounts, sizeof *s->by_account);
    CHECK(s->by_account != NULL);
    s->reports = reports_new();
    const struct http_server_options server = {.host = s->options.host,
                                               .port = o->port,
                                               .ports_to_try = 1,
                                               .body_bytes_max = REQUEST_BYTES_MAX,
                                               .connections_max = CONNECTIONS_MAX,
                                               .idle_seconds = IDLE_SECONDS};
    int rc = world_new(&o->world, &s->world, e);
    if (rc == 0)
        rc = http_server_new(l, &server, on_request, s, &s->server, e);
    if (rc != 0) {
        sandbox_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

void sandbox_close(struct sandbox *s, void (*closed)(void *arg), void *arg)
{
    request_send_all_waiting(s);
    http_server_close(s->server, STOP_GRACE_MS, closed, arg);
}

void sandbox_free(struct sandbox *s)
{
    for (int i = 0; i < s->options.world.accounts; i++)
        calls_free(&s->by_account[i].calls);
    free(s->by_account);
    calls_free(&s->calls);
    reports_free(s->reports);
    tokens_free(&s->tokens);
    world_free(s->world);
    free(s);
}

struct account_limits *sandbox_limits(struct sandbox *s, const struct account *a)
{
    return &s->by_account[a->number - world_account_at(s->world, 0)->number];
}
