#pragma once
#include "common/base/err.h"
#include "common/io/db.h"
#include "common/io/loop.h"
#include <jansson.h>
#include <stdbool.h>
/* store_driver: the C functions of common/store for tests in Python. One JSON object a line on stdin ("do" names the
 * command), one a line on stdout: {"rc": "ok", …} or {"rc": "<error code>", "error": "…"}. */

struct driver {
    struct loop *loop;
    struct db_pool *db;
    int done;      /* the command under way has ended */
    json_t *reply; /* owned */
};

/* Ends the command: sets rc and error. */
void reply_end(struct driver *d, int rc, const struct err *e);
void on_plain(void *arg, int rc, const struct err *e); /* arg: the driver */
void wait_done(struct driver *d);

const char *text_of(const json_t *o, const char *name); /* NULL when it is absent or null */
int64_t int_of(const json_t *o, const char *name, int64_t missing);
bool flag_of(const json_t *o, const char *name);
void set_text(struct driver *d, const char *name, const char *value); /* null for NULL */
void set_int(struct driver *d, const char *name, int64_t value);
void set_flag(struct driver *d, const char *name, bool value);
/* The number, up to max, of the strings of an array. */
int texts_of(const json_t *list, const char **out, int max);

/* False when the command is not one of these. */
bool chunk_command(struct driver *d, const char *name, const json_t *o);
bool plan_command(struct driver *d, const char *name, const json_t *o);
bool account_command(struct driver *d, const char *name, const json_t *o);
bool access_command(struct driver *d, const char *name, const json_t *o);
void chunk_commands_end(void);
