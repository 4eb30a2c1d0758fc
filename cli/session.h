#pragma once
#include "common/base/fernet.h"
#include "common/base/id.h"
#include "common/base/settings.h"
#include "common/io/db.h"
#include "common/io/http_client.h"
#include "common/io/loop.h"
#include "common/io/redis.h"
#include "common/remote/account_call.h"
#include "common/store/queue.h"
#include <stdbool.h>
#include <stdint.h>
/* What one command works with. A command says what it needs once its words are checked; everything is closed at the
 * end. */
struct session {
    const char *config_path; /* of --config; NULL: none */
    struct settings settings;
    bool has_settings;
    struct loop *loop;
    struct db_pool *db; /* NULL until needed, as all below */
    struct redis *redis;
    struct queue *queue;
    struct http_client *http;
    struct fernet *fernet;
    struct remote remote;
};

enum session_need {
    NEED_SETTINGS = 0, /* read, nothing opened; part of each below */
    NEED_DATABASE = 1, /* PostgreSQL answers */
    NEED_SCHEMA = 2,   /* and has our schema */
    NEED_REDIS = 4,    /* Redis answers; with it the queue */
    NEED_REMOTE = 8,   /* calls to a provider: the schema, Redis and an HTTP client */
    NEED_KEYS = 16,    /* TOKEN_ENCRYPTION_KEY is there and loads */
};
/* Opens what is missing of `needs` (a sum) and waits until it answers. */
int session_need(struct session *s, unsigned needs, struct err *e) MUST_CHECK;
/* Opens the settings and tries to connect to both servers; one that is away is no failure: for commands that report on
 * them. */
int session_connect(struct session *s, struct err *e) MUST_CHECK;
void session_close(struct session *s);

/* One awaited answer. Hand it to an asynchronous call as its argument with the answer_* that fits its callback, or call
 * answer_is() from a callback of your own; then answer_wait(). */
struct answer {
    int over;
    int rc;
    struct err err;
    char id[UUID_TEXT];
    int64_t count;
};
void answer_is(struct answer *a, int rc, const struct err *e);
void answer_plain(void *arg, int rc, const struct err *e);
void answer_id(void *arg, int rc, const char *id, const struct err *e);
void answer_count(void *arg, int rc, int count, const struct err *e);
void answer_count64(void *arg, int rc, int64_t count, const struct err *e);
/* Runs the loop until the answer is there; returns its rc. */
int answer_wait(const struct session *s, struct answer *a, struct err *e) MUST_CHECK;
/* Runs the loop for so long. */
void session_sleep(const struct session *s, int64_t ms);
