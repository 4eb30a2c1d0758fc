#include "api/api.h"
#include "api/callers.h"
#include "api/dispatch.h"
#include "api/events_routes.h"
#include "api/hub.h"
#include "api/ingest_turns.h"
#include "api/openapi.h"
#include "api/run_wait.h"
#include "api/schemas.h"
#include "api/walls.h"
#include "common/base/check.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/io/http_server.h"
#include <stdlib.h>
#include <sys/resource.h>

enum {
    BODY_BYTES_MAX = 10 << 20,
    CONNECTIONS_MAX = 2048,
    IDLE_SECONDS = 60,
    REQUEST_SECONDS = 30,         /* until it is whole */
    BODIES_BYTES_MAX = 128 << 20, /* of all requests at once */
    DESCRIPTORS = CONNECTIONS_MAX + 256,
    OUTGOING_MAX = 16,
    STALL_SECONDS = 60,
    ANSWER_BYTES_MAX = 16 << 20,
    CLOSE_GRACE_MS = 20000,
};

static int open_walled(struct api *a, struct err *e)
{
    const struct settings *s = a->service->settings;
    int rc = walls_check(a->service->loop, a->service->db, e);
    if (rc == 0)
        rc = db_pool_new(a->service->loop, s->database_url, (int)s->database_connections, "metricx-api", &a->walled, e);
    if (rc != 0)
        return rc;
    db_pool_act_as(a->walled, WALLED_ROLE);
    db_pool_keep_one(a->walled);
    return 0;
}

/* Systems give 1,024 unless a program asks for more. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < DESCRIPTORS)
        log_warn("the system allows few open files: clients wait when they are used up",
                 F_INT("allowed", limit.rlim_cur), F_INT("wanted", DESCRIPTORS));
}

static int listen_at(struct api *a, struct err *e)
{
    const struct settings *s = a->service->settings;
    char host[64];
    struct http_server_options options = {.host = host,
                                          .ports_to_try = 1,
                                          .body_bytes_max = BODY_BYTES_MAX,
                                          .connections_max = CONNECTIONS_MAX,
                                          .idle_seconds = IDLE_SECONDS,
                                          .request_seconds = REQUEST_SECONDS,
                                          .bodies_bytes_max = BODIES_BYTES_MAX,
                                          .refuse = dispatch_refuse};
    allow_descriptors();
    int rc = settings_host_port("LISTEN", s->listen, host, &options.port, e);
    if (rc == 0)
        rc = http_server_new(a->service->loop, &options, dispatch, a, &a->http, e);
    if (rc != 0)
        return err_wrap(e, "LISTEN");
    log_info("the API is served", F_STR("host", host), F_INT("port", http_server_port(a->http)));
    return 0;
}

static void open_remote(struct api *a)
{
    const struct service *s = a->service;
    const struct http_client_options o = {.connect_timeout_ms = s->settings->meta_connect_timeout_seconds * 1000,
                                          .timeout_ms = s->settings->meta_timeout_seconds * 1000,
                                          .stall_seconds = STALL_SECONDS,
                                          .body_bytes_max = ANSWER_BYTES_MAX,
                                          .bodies_max = OUTGOING_MAX,
                                          .connections_max = OUTGOING_MAX};
    a->outgoing = http_client_new(s->loop, &o);
    remote_init(&a->remote, s->loop, s->db, s->redis, a->outgoing, s->settings);
}

int api_new(struct service *s, struct api **out, struct err *e)
{
    struct api *a = mem_new(1, sizeof *a);
    a->service = s;
    a->schemas = schemas_new();
    a->callers = callers_new(CALLER_BURST, CALLER_PER_SECOND);
    a->turns = ingest_turns_new(s->settings->database_connections > 1 ? (int)s->settings->database_connections / 2 : 1);
    openapi_write(a->schemas, s->settings->public_url, &a->openapi);
    open_remote(a);
    int rc = fernet_new(secret_reveal(s->settings->token_encryption_key), &a->keys, e);
    if (rc == 0)
        rc = open_walled(a, e);
    if (rc == 0)
        rc = hub_new(s->loop, s->settings->redis_url, s->settings->queue_prefix, &a->hub, e);
    if (rc == 0)
        rc = listen_at(a, e);
    if (rc != 0) {
        api_free(a);
        return rc;
    }
    *out = a;
    return 0;
}

int api_port(const struct api *a)
{
    return http_server_port(a->http);
}

static void say_stopped(void *arg)
{
    const struct api *a = arg;
    a->stopped(a->stopped_arg);
}

/* A client that has gone leaves work behind that still ends by itself. */
static void stop_step(struct api *a)
{
    if (a->stopped != NULL && a->server_closed && a->outgoing_closed && a->open_calls == 0)
        loop_defer(a->service->loop, say_stopped, a);
}

void api_call_ended(struct api *a)
{
    a->open_calls--;
    stop_step(a);
}

static void on_outgoing_closed(void *arg)
{
    struct api *a = arg;
    a->outgoing = NULL;
    a->outgoing_closed = true;
    stop_step(a);
}

static void on_server_closed(void *arg)
{
    struct api *a = arg;
    a->server_closed = true;
    remote_stop(&a->remote);
    http_client_close(a->outgoing, on_outgoing_closed, a);
}

void api_stop(struct api *a, void (*stopped)(void *arg), void *arg)
{
    struct http_server *http = a->http;
    a->http = NULL;
    a->stopping = true;
    a->stopped = stopped;
    a->stopped_arg = arg;
    run_wait_end_all(a);
    events_end_all(a);
    http_server_close(http, CLOSE_GRACE_MS, on_server_closed, a);
}

static void on_closed(void *arg)
{
    *(int *)arg = 1;
}

void api_free(struct api *a)
{
    int closed = 0;
    if (a->outgoing != NULL) {
        http_client_close(a->outgoing, on_closed, &closed);
        loop_run_until(a->service->loop, &closed);
        closed = 0;
    }
    if (a->hub != NULL) {
        hub_close(a->hub, on_closed, &closed);
        loop_run_until(a->service->loop, &closed);
        closed = 0;
    }
    if (a->walled != NULL) {
        db_pool_close(a->walled, on_closed, &closed);
        loop_run_until(a->service->loop, &closed);
    }
    fernet_free(a->keys);
    callers_free(a->callers);
    ingest_turns_free(a->turns);
    schemas_free(a->schemas);
    buf_free(&a->openapi);
    free(a);
}
