#pragma once
#include "common/base/fernet.h"
#include "common/remote/remote.h"
#include "common/store/service.h"
/* What every part of the API server shares. */
struct api {
    struct service *service; /* its db acts as who logs in: for /ops, workspaces, and tokens that a call needs */
    struct db_pool *walled;  /* acts as metricx_api: sees nothing but through workspace_view() */
    struct fernet *keys;
    struct schemas *schemas;
    struct callers *callers; /* how often each has asked lately */
    struct ingest_turns *turns;
    struct http_server *http;
    struct http_client *outgoing; /* calls to providers */
    struct remote remote;
    int open_calls;                      /* that are not answered yet */
    bool server_closed, outgoing_closed; /* while it stops */
    void (*stopped)(void *arg);          /* NULL until it is to stop */
    void *stopped_arg;
    struct hub *hub;
    struct waiting *waiting; /* calls that wait for a run's end */
    int waiting_count;
    struct stream *streams; /* of events */
    int stream_count;
    bool stopping;
    struct buf openapi; /* the document, made once */
};
/* Creates, serves on LISTEN, stops: see daemon.h. */
int api_new(struct service *s, struct api **out, struct err *e) MUST_CHECK;
int api_port(const struct api *a);
void api_stop(struct api *a, void (*stopped)(void *arg), void *arg);
void api_free(struct api *a);
void api_call_ended(struct api *a); /* for dispatch.c */
