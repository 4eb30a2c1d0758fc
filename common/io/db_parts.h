#pragma once
#include "common/base/buf.h"
#include "common/base/id.h"
#include "common/io/db.h"
#include <libpq-fe.h>
/* What the db_*.c files share; nobody else includes it. */

/* ---- db_result.c: results, and what an error of PostgreSQL means to us ---- */
struct db_results {
    PGresult **steps; /* owned; NULL where a step has none */
    int count;
    char sqlstate[6];
    bool unsure;
    int session;
    int skip; /* steps before those of the caller */
};
const PGresult *step_result(const struct db_results *r, int step);
void results_clear(struct db_results *r);
/* Code and text of a failed result; sqlstate is "" when libpq made the error. */
void result_error(const PGresult *res, char sqlstate[6], struct err *e);
bool result_ended_session(const PGresult *res); /* FATAL or worse, or the connection is gone */
/* libpq's words about a connection in one line; sqlstate as far as they tell it. */
void connection_error(const char *words, char sqlstate[6], char *out, size_t size);

/* ---- db_pool.c: the queue of step lists, their deadlines, how many connections there are ---- */
enum op_state { OP_WAITING, OP_RUNNING, OP_ENDED };
struct db_op {
    struct db_pool *pool;
    enum db_mode mode;
    struct db_step *steps; /* owned; their parameters lie in the same memory */
    int count;
    int64_t timeout_ms;
    db_done done;
    void *arg;
    enum op_state state;
    struct timer *deadline;
    struct db_conn *conn;      /* where it runs */
    int64_t began_ms;          /* to run */
    struct db_op *prev, *next; /* in the queue while it waits */
    int stop;                  /* ERR_CANCELED or ERR_TIMEOUT once it shall end early */
    struct err e;
    struct db_results results;
};
/* db_view.c: a pool that is only a way into another one. */
struct db_view {
    struct db_pool *of;  /* NULL: it is none */
    struct db_step step; /* before those of each operation */
    const char *param;
    char param_text[UUID_TEXT];
};
/* The list with the view's step before it; owned by the caller. */
struct db_step *view_steps(const struct db_view *v, const struct db_step *steps, int count);
struct db_pool {
    struct loop *loop;
    PQconninfoOption *options;
    char *name;
    const char *role; /* that sessions act as; NULL: who logs in. Static */
    int connections_max;
    bool keeps_one; /* connection for statements that do not hang elsewhere */
    struct db_conn *conns;
    struct db_op *first, *last; /* the queue */
    int waiting;
    int failures; /* connection attempts that failed in a row */
    struct timer *retry;
    struct err why;    /* of the last failed attempt */
    int open;          /* callbacks still to come that need this struct */
    bool turn_waiting; /* on_turn is one of them */
    bool closing;
    void (*closed)(void *arg);
    void *closed_arg;
    struct db_view view;
};
void op_end(struct db_op *op);           /* with what is in op->e; done is called on the next turn */
void op_stopped(struct db_op *op);       /* writes the error for op->stop */
void pool_release(struct db_pool *p);    /* one of p->open is done */
void pool_conn_ready(struct db_conn *c); /* up, or free again */
/* The connection is gone: never came up (then why is set and sqlstate tells more), or broke later (why NULL). */
void pool_conn_gone(struct db_conn *c, const struct err *why, const char *sqlstate);

/* ---- db_conn.c: one connection: connecting, watching its socket, cancelling, closing ---- */
enum conn_state { CONN_RESOLVING, CONN_CONNECTING, CONN_SETTING_UP, CONN_IDLE, CONN_RUNNING, CONN_CLOSED };

/* ---- db_prepared.c: which statements a connection has prepared ---- */
struct prepared {
    const char *key; /* address of the SQL, which mostly is static text */
    char *sql;       /* a copy, for the case that it is not */
    char name[16];
    enum { PREPARED_NOT, PREPARED_SENT, PREPARED_READY } state;
};
struct prepared_set {
    struct prepared *list; /* owned */
    int count, names;
};
struct prepared *prepared_get(struct prepared_set *s, const char *sql); /* NULL: send it unprepared */
void prepared_settle(struct prepared_set *s); /* what was sent and not confirmed does not exist */
void prepared_clear(struct prepared_set *s);

/* ---- db_steps.c: one step list on one connection ---- */
struct unit;
struct steps {
    struct db_op *op;
    struct unit *units; /* what was sent and is awaited, in order; owned */
    int unit_count, unit;
    int position, end; /* of what is sent next: -1 BEGIN, 0… the steps, then COMMIT */
    bool pipelined, copying, rolling_back;
    size_t copied;
    bool at_risk; /* what was sent may take effect without our hearing of it */
    bool failed;  /* op->e says how; nothing more is sent */
    int failed_at;
    bool stale, restarted; /* a prepared statement was no longer valid; all was done again */
};
struct db_conn {
    struct db_pool *pool;
    struct db_conn *next;
    enum conn_state state;
    PGconn *pg;
    struct uv_poll_s *poll;
    int watched; /* what poll waits for */
    struct addresses *addresses;
    struct timer *timer; /* of connecting; or of waiting for the end of what was stopped */
    bool worn;           /* was cancelled: a late cancel request must not hit the next operation */
    struct cancel *cancel;
    int stop_ticks;
    struct prepared_set prepared;
    struct steps steps;
};
void conn_open(struct db_pool *p);
void conn_run(struct db_conn *c, struct db_op *op); /* an idle one */
void conn_stop(struct db_conn *c);                  /* ends what runs early; op->stop is set */
void conn_close(struct db_conn *c);

enum steps_state { STEPS_GO_ON, STEPS_ENDED, STEPS_LOST };
enum steps_state steps_start(struct db_conn *c, struct db_op *op);
enum steps_state steps_advance(struct db_conn *c);      /* takes the results that are there, sends what comes next */
void steps_lost(struct db_conn *c, const char *reason); /* writes op->e for a broken connection */

/* ---- db_address.c: hosts of a connection string to addresses ---- */
struct address_list {
    char *host, *hostaddr, *port; /* as libpq wants them; NULL: as the connection string has it */
    int count;
};
typedef void (*addresses_done)(void *arg, int rc, const struct address_list *list, const struct err *e);
/* One lookup after the other; a host without an address is left out while another has one. */
struct addresses *addresses_start(struct loop *l, const PQconninfoOption *options, addresses_done done, void *arg);
void addresses_cancel(struct addresses *a); /* done is still called, with ERR_CANCELED */
const char *option_value(const PQconninfoOption *options, const char *keyword); /* NULL when not given */
