#pragma once
#include "common/base/err.h"
#include "common/io/loop.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* Redis: one asynchronous hiredis connection with timers, reconnect with back-off, and scripts by SHA. Only redis_*.c
 * include hiredis. While disconnected commands fail at once (on the next turn) with ERR_REDIS_AWAY; nothing is queued.
 */
struct redis;
struct redis_reply; /* an answer, borrowed during the callback */

enum redis_type { REDIS_NIL, REDIS_INT, REDIS_STR, REDIS_ARRAY };
enum redis_type redis_type(const struct redis_reply *r);
int64_t redis_int(const struct redis_reply *r);     /* of an integer or a numeric string; 0 else */
const char *redis_str(const struct redis_reply *r); /* "" when it is no string */
size_t redis_str_len(const struct redis_reply *r);
int redis_count(const struct redis_reply *r);                           /* elements of an array; 0 else */
const struct redis_reply *redis_at(const struct redis_reply *r, int i); /* an element; a nil reply past the end */
/* Value of a field in a flat [field, value, …] array as HGETALL answers; NULL when absent. */
const char *redis_field(const struct redis_reply *r, const char *field);

/* rc 0: r is the answer. ERR_REDIS: Redis refused it, e has its words. ERR_REDIS_AWAY: not connected, or the connection
 * broke before the answer; the command may or may not have run. ERR_TIMEOUT: no answer in time; the connection is made
 * anew. */
typedef void (*redis_done)(void *arg, int rc, const struct redis_reply *r, const struct err *e);

/* url as in REDIS_URL (redis://, unix://; rediss:// is refused with a clear ERR_SETTING). Starts connecting in the
 * background. */
int redis_new(struct loop *l, const char *url, const char *client_name, struct redis **out, struct err *e) MUST_CHECK;
void redis_close(struct redis *r, void (*closed)(void *arg),
                 void *arg); /* pending commands end with ERR_CANCELED first */
bool redis_ready(const struct redis *r);
/* Called after every (re)connect and every loss, on the loop. One listener. */
void redis_on_state(struct redis *r, void (*changed)(void *arg, bool connected), void *arg);

/* argv and lengths are copied. lengths NULL: C strings. timeout_ms 0 = 5,000. */
void redis_command(struct redis *r, int argc, const char *const *argv, const size_t *lengths, int64_t timeout_ms,
                   redis_done done, void *arg);

/* A Lua script: text is static. Loaded on first use and again after NOSCRIPT. */
struct redis_script {
    const char *name, *text;
    char sha[41]; /* filled by redis_script_prepare */
};
void redis_script_prepare(struct redis_script *s);
/* EVALSHA with one key, then args. */
void redis_eval(struct redis *r, const struct redis_script *s, const char *key, int argc, const char *const *argv,
                redis_done done, void *arg);
/* Turns this connection into a subscriber of one channel, kept over reconnects; on_message(arg, text, len). */
void redis_subscribe(struct redis *r, const char *channel, void (*on_message)(void *arg, const char *text, size_t len),
                     void *arg);

/* Waits for one command with the loop running: for the command line and start-up. each may be NULL. */
int redis_command_wait(struct loop *l, struct redis *r, int argc, const char *const *argv,
                       void (*each)(void *arg, const struct redis_reply *reply), void *arg, struct err *e) MUST_CHECK;
