#pragma once
#include "common/base/err.h"
#include "common/io/loop.h"
#include <stdbool.h>
#include <stdint.h>
/* PostgreSQL: a bounded pool of asynchronous libpq connections. Only db_*.c include libpq.
 *
 * Work is a list of steps. With DB_TX they run in one transaction (BEGIN … COMMIT, READ COMMITTED), pipelined in one
 * round trip where no step copies; the first failing step rolls everything back. All parameters are text (NULL = SQL
 * null), their types come from casts in the SQL. The list with its parameters is copied; sql and copy are borrowed
 * until done is called. */
struct db_pool;
struct db_op;
struct db_results;
struct buf;

struct db_step {
    const char *sql;           /* one statement; $1… from params; for a copy step "COPY t (…) FROM STDIN" */
    const char *const *params; /* count of them; NULL when count is 0 */
    int count;
    bool afresh; /* planned for its parameters each time; else prepared, and by and by planned for any */
    bool script; /* sql is any number of statements without parameters, as in a migration; counts as one step */
    const struct buf *copy; /* not NULL: the rows to copy, COPY text format (see copy_text.h) */
};
enum db_mode { DB_PLAIN, DB_TX };

/* rc 0: r holds one result per step, borrowed during the call. Else e says what failed:
 * - ERR_DB: a statement was refused; db_sqlstate() tells which error
 * - ERR_DB_AWAY: not connected, or the connection broke; when db_unsure() says so it may have been committed all the
 * same
 * - ERR_FENCED: SQLSTATE MX001, raised by our own fences
 * - ERR_CONFLICT: SQLSTATE 40001 or 40P01, serialization failure or deadlock; do it again
 * - ERR_TIMEOUT: the deadline, or the server's own statement_timeout or lock_timeout
 * - ERR_CANCELED: db_cancel or db_pool_close; db_unsure() when it had been faster */
typedef void (*db_done)(void *arg, int rc, const struct db_results *r, const struct err *e);

/* Starts connecting in the background; never fails except for a malformed url (ERR_SETTING) or ERR_NO_MEMORY. `name` is
 * the application_name. Reconnects by itself with back-off. */
int db_pool_new(struct loop *l, const char *url, int connections, const char *name, struct db_pool **out,
                struct err *e) MUST_CHECK;
/* Every session acts as this role (static text) from its start. Before the loop turns for the first time. */
void db_pool_act_as(struct db_pool *p, const char *role);
/* Statements that hang, as at a lock on their table, do not take every connection: the last one that does not is kept
 * for others. */
void db_pool_keep_one(struct db_pool *p);
/* A way into p whose every operation is one transaction that begins with `sql` (static, one parameter: id, a UUID):
 * for those who must say for whom they act. Its results are not shown; when it fails the operation does. To be freed
 * when its operations have ended. */
struct db_pool *db_view_new(struct db_pool *p, const char *sql, const char *id);
void db_view_free(struct db_pool *view); /* accepts NULL */
/* Cancels what runs and waits, closes all, then calls closed(arg) once. */
void db_pool_close(struct db_pool *p, void (*closed)(void *arg), void *arg);
/* Every step list waits its turn for a connection. timeout_ms covers waiting and running; 0 = 60,000. */
struct db_op *db_run(struct db_pool *p, enum db_mode mode, const struct db_step *steps, int count, int64_t timeout_ms,
                     db_done done, void *arg);
void db_cancel(struct db_op *op);            /* done is still called, with ERR_CANCELED */
bool db_pool_ready(const struct db_pool *p); /* at least one connection is up */

/* Results; step, row and column count from 0. Text is borrowed for the length of the callback. */
int db_rows(const struct db_results *r, int step);
int db_columns(const struct db_results *r, int step);
int64_t db_affected(const struct db_results *r, int step);
bool db_is_null(const struct db_results *r, int step, int row, int col);
const char *db_text(const struct db_results *r, int step, int row, int col); /* "" for null */
int64_t db_int(const struct db_results *r, int step, int row, int col); /* 0 for null; CHECKs that it is a number */
bool db_bool(const struct db_results *r, int step, int row, int col);
/* Appends the first `columns` of the first `rows`, each row as a JSON object with a NUL behind it: as row_to_json()
 * writes it, in a fraction of the time. An array is one only when the query says to_json(). */
void db_add_json(struct buf *out, const struct db_results *r, int step, int rows, int columns);
const char *db_sqlstate(const struct db_results *r); /* of the failure, "" when there is none */
bool db_unsure(const struct db_results *r);          /* it failed, but may have been committed */
/* The process that the server named when this session began. Behind a pooler it is not the one that pg_backend_pid()
 * tells. */
int db_session(const struct db_results *r);

/* Waits for one step list with the loop running: for the command line and for start-up. Returns rc; *e is set on
 * failure. each(arg, r) sees the results; may be NULL. */
int db_run_wait(struct loop *l, struct db_pool *p, enum db_mode mode, const struct db_step *steps, int count,
                void (*each)(void *arg, const struct db_results *r), void *arg, struct err *e) MUST_CHECK;
/* A literal list of parameters with its count, as two arguments. */
#define DB_PARAMS(...)                                                                                                 \
    (const char *const[]){__VA_ARGS__}, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
/* A literal step with parameters: db_run(p, DB_PLAIN, &DB_STEP("SELECT $1::int", "1"), 1, …) */
#define DB_STEP(text, ...)                                                                                             \
    ((struct db_step){.sql = (text),                                                                                   \
                      .params = (const char *const[]){__VA_ARGS__},                                                    \
                      .count = (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))})
