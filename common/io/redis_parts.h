#pragma once
#include "common/base/buf.h"
#include "common/base/secret.h"
#include "common/io/redis.h"
/* What the redis_*.c files share; nobody else includes it. */

/* REDIS_URL taken apart. path is NULL for TCP, host is NULL for a Unix socket. */
struct redis_url {
    char *host, *path, *user;
    struct secret *password;
    int port, db;
};
int redis_url_parse(const char *text, struct redis_url *out, struct err *e) MUST_CHECK;
void redis_url_free(struct redis_url *u);

enum redis_state { RESOLVING, CONNECTING, GREETING, READY, BACKING_OFF, CLOSED };
struct command;
struct redisReply;
struct redis {
    struct loop *loop;
    struct redis_url url;
    char *client_name, *place; /* place: where it is, for errors */
    enum redis_state state;
    struct resolve *resolving;
    struct timer *timer; /* of connecting and greeting, or of backing off */
    struct redisContext *c;
    struct uv_poll_s *poll;
    struct buf out; /* on its way to the socket, which took out_sent bytes of it */
    size_t out_sent;
    struct command *sent, **sent_end; /* oldest first */
    int greetings;                    /* answers of the greeting still to come */
    int failures;                     /* connections lost or refused since a command was last answered */
    bool was_ready;
    int settled; /* for redis_command_wait: ready, or known to be away */
    struct err why;
    void (*changed)(void *arg, bool connected);
    void *changed_arg;
    char *channel;
    void (*on_message)(void *arg, const char *text, size_t len);
    void *message_arg;
    int open; /* callbacks still to come that need this struct */
    void (*closed)(void *arg);
    void *closed_arg;
};

/* redis_conn.c */
void redis_drop(struct redis *r, const char *reason); /* of no use any more: ends what was sent, tries again later */
void redis_watch(struct redis *r, int uv_events);     /* from now on; the answers are always read */
void redis_on_greeted(void *arg, int rc, const struct redis_reply *reply, const struct err *e);
void redis_release(struct redis *r); /* one of r->open is done */

/* redis_command.c */
void redis_answer(struct redis *r, const struct redisReply *reply); /* the next answer, for the oldest command */
void redis_end_all(struct redis *r, const struct err *e);           /* what was sent will not be answered */
/* A command of the connection's own, while others are still refused. */
void redis_say(struct redis *r, redis_done done, int argc, const char *const *argv);

/* A command on the wire: redis_add_count once, then redis_add_bulk for each word. */
enum { REDIS_COMMAND_BYTES_MAX = 16 << 20, REDIS_OUT_BYTES_MAX = 256 << 20 };
void redis_add_count(struct buf *command, int words);
void redis_add_bulk(struct buf *command, const char *bytes, size_t len);
/* Sends an encoded command; its bytes are copied. */
void redis_send(struct redis *r, const struct buf *command, int64_t timeout_ms, redis_done done, void *arg);
