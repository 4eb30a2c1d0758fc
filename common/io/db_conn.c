#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/metrics.h"
#include "common/io/db_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* One connection: RESOLVING -> CONNECTING -> SETTING_UP -> IDLE <-> RUNNING, and from each of them to CLOSED.
 *
 * libpq 15: names are looked up before it connects (db_address.c). While connecting the socket may be another after
 * each PQconnectPoll, so it is watched by a new handle each time. PQcancel blocks, so it runs on the thread pool.
 * Kerberos (gssencmode) would block too and is off unless asked for. */

enum {
    CONNECT_TIMEOUT_MS = 10000, /* per host */
    STOP_TICK_MS = 100,
    STOP_TICKS_MAX = 20, /* then the connection of an operation that was cancelled is cut */
    OPTIONS_MAX = 80,
};

/* What a former owner of a pooled session prepared is not ours. */
static const char setup_sql[] = "SET timezone TO 'UTC'; SET datestyle TO ISO; SET client_min_messages TO warning;"
                                "SET idle_in_transaction_session_timeout TO 60000; DEALLOCATE ALL";

struct cancel {
    uv_work_t req;
    PGcancel *request;
    struct db_pool *pool;
    struct db_conn *conn; /* NULL once that is closed */
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static void unwatch(struct db_conn *c)
{
    if (c->poll)
        uv_close((uv_handle_t *)c->poll, on_poll_closed);
    c->poll = NULL;
    c->watched = 0;
}

/* libuv would take the descriptor out of epoll and put it in again, each time. */
static void watch(struct db_conn *c, int events)
{
    if (c->watched == events)
        return;
    c->watched = events;
    if (!c->poll) {
        c->poll = mem_new(1, sizeof *c->poll);
        CHECK(uv_poll_init(loop_uv(c->pool->loop), c->poll, PQsocket(c->pg)) == 0);
        c->poll->data = c;
    }
    CHECK(uv_poll_start(c->poll, events, on_poll) == 0);
}

static void stop_timer(struct db_conn *c)
{
    timer_cancel(c->timer);
    c->timer = NULL;
}

static void enter(struct db_conn *c, enum conn_state next)
{
    if ((c->state == CONN_RUNNING) != (next == CONN_RUNNING))
        metric_add(M_DB_BUSY, next == CONN_RUNNING ? 1 : -1);
    c->state = next;
}

static void on_freed(void *arg)
{
    struct db_conn *c = arg;
    struct db_pool *p = c->pool;

    free(c);
    pool_release(p);
}

void conn_close(struct db_conn *c)
{
    struct db_pool *p = c->pool;
    struct db_conn **at = &p->conns;

    CHECK(c->state != CONN_CLOSED);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    enter(c, CONN_CLOSED);
    stop_timer(c);
    unwatch(c); /* before the descriptor goes */
    PQfinish(c->pg);
    c->pg = NULL;
    if (c->cancel)
        c->cancel->conn = NULL;
    prepared_clear(&c->prepared);
    free(c->steps.units);
    c->steps.units = NULL;
    if (c->addresses)
        addresses_cancel(c->addresses); /* on_addresses frees */
    else
        loop_defer(p->loop, on_freed, c);
}

/* ---- connecting ---- */

static void not_connected(struct db_conn *c, const char *words)
{
    char text[400], sqlstate[6];
    struct err e;

    connection_error(words, sqlstate, text, sizeof text);
    err_set(&e, ERR_DB_AWAY, "no connection to PostgreSQL: %s", text);
    pool_conn_gone(c, &e, sqlstate);
}

static void on_connect_timeout(void *arg)
{
    struct db_conn *c = arg;

    c->timer = NULL;
    not_connected(c, "no answer in time");
}

static void on_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res; /* without this libpq writes notices to stderr */
}

struct options {
    const char *keywords[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
    int count;
};

/* The first value of a keyword stands. */
static void add_option(struct options *o, const char *keyword, const char *value)
{
    for (int i = 0; i < o->count; i++) {
        if (strcmp(o->keywords[i], keyword) == 0)
            return;
    }
    CHECK(o->count < OPTIONS_MAX);
    o->keywords[o->count] = keyword;
    o->values[o->count++] = value;
}

static void gather_options(const struct db_pool *p, const struct address_list *list, struct options *o)
{
    add_option(o, "application_name", p->name);
    add_option(o, "client_encoding", "UTF8");
    if (list->host)
        add_option(o, "host", list->host);
    if (list->hostaddr)
        add_option(o, "hostaddr", list->hostaddr);
    if (list->port)
        add_option(o, "port", list->port);
    for (const PQconninfoOption *given = p->options; given->keyword; given++) {
        if (given->val)
            add_option(o, given->keyword, given->val);
    }
    add_option(o, "gssencmode", "disable");
    /* A dead network is noticed within half a minute, also by PQcancel, which has no time limit of its own. */
    add_option(o, "keepalives_idle", "15");
    add_option(o, "keepalives_interval", "5");
    add_option(o, "keepalives_count", "3");
    add_option(o, "tcp_user_timeout", "15000");
}

static void on_addresses(void *arg, int rc, const struct address_list *list, const struct err *e)
{
    struct db_conn *c = arg;
    struct options o = {.count = 0};

    c->addresses = NULL;
    if (c->state == CONN_CLOSED) {
        on_freed(c);
        return;
    }
    if (rc != 0) {
        not_connected(c, e->text);
        return;
    }
    gather_options(c->pool, list, &o);
    c->pg = PQconnectStartParams(o.keywords, o.values, 0);
    if (!c->pg) {
        not_connected(c, "libpq had no memory");
        return;
    }
    if (PQstatus(c->pg) == CONNECTION_BAD) {
        not_connected(c, PQerrorMessage(c->pg));
        return;
    }
    PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE); /* only so do refusals tell their SQLSTATE */
    PQsetNoticeReceiver(c->pg, on_notice, NULL);
    enter(c, CONN_CONNECTING);
    c->timer = timer_start(c->pool->loop, (int64_t)list->count * CONNECT_TIMEOUT_MS, on_connect_timeout, c);
    watch(c, UV_WRITABLE);
}

void conn_open(struct db_pool *p)
{
    struct db_conn *c = mem_new(1, sizeof *c);

    c->pool = p;
    p->open++;
    c->next = p->conns;
    p->conns = c;
    c->state = CONN_RESOLVING;
    c->addresses = addresses_start(p->loop, p->options, on_addresses, c);
}

static bool flush(struct db_conn *c)
{
    int rest = PQflush(c->pg);

    if (rest >= 0)
        watch(c, rest > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
    return rest >= 0;
}

static bool send_setup(struct db_conn *c)
{
    const char *role = c->pool->role;
    char sql[sizeof setup_sql + 80];

    (void)snprintf(sql, sizeof sql, role ? "%s; SET ROLE %s" : "%s", setup_sql, role);
    return PQsetnonblocking(c->pg, 1) == 0 && PQsendQuery(c->pg, sql) == 1;
}

static void go_on_connecting(struct db_conn *c)
{
    unwatch(c); /* the socket may be closed and another be opened in the call */
    switch (PQconnectPoll(c->pg)) {
    case PGRES_POLLING_READING:
        watch(c, UV_READABLE);
        return;
    case PGRES_POLLING_WRITING:
        watch(c, UV_WRITABLE);
        return;
    case PGRES_POLLING_OK:
        PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
        enter(c, CONN_SETTING_UP);
        if (send_setup(c) && flush(c))
            return;
        break;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE: /* unused by libpq */
        break;
    }
    not_connected(c, PQerrorMessage(c->pg));
}

static void become_idle(struct db_conn *c)
{
    stop_timer(c);
    enter(c, CONN_IDLE);
    pool_conn_ready(c);
}

/* False when PostgreSQL refused the settings: then the connection is gone. */
static bool go_on_setting_up(struct db_conn *c)
{
    while (!PQisBusy(c->pg)) {
        PGresult *res = PQgetResult(c->pg);
        if (!res) {
            become_idle(c);
            return true;
        }
        bool refused = PQresultStatus(res) != PGRES_COMMAND_OK;
        PQclear(res);
        if (refused) {
            not_connected(c, PQerrorMessage(c->pg));
            return false;
        }
    }
    return true;
}

/* ---- working ---- */

static void lost(struct db_conn *c, const char *words)
{
    char text[400], sqlstate[6];

    connection_error(words, sqlstate, text, sizeof text);
    if (c->state == CONN_RUNNING) {
        struct db_op *op = c->steps.op;
        steps_lost(c, text);
        op_end(op);
    }
    pool_conn_gone(c, NULL, "");
}

static void after_steps(struct db_conn *c, enum steps_state state)
{
    switch (state) {
    case STEPS_LOST:
        lost(c, PQerrorMessage(c->pg));
        return;
    case STEPS_ENDED:
        op_end(c->steps.op);
        if (c->worn || c->pool->closing)
            pool_conn_gone(c, NULL, "");
        else
            become_idle(c);
        return;
    case STEPS_GO_ON:
        return;
    }
}

void conn_run(struct db_conn *c, struct db_op *op)
{
    op->state = OP_RUNNING;
    op->conn = c;
    enter(c, CONN_RUNNING);
    enum steps_state state = steps_start(c, op);
    if (state == STEPS_GO_ON && !flush(c))
        state = STEPS_LOST;
    after_steps(c, state);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct db_conn *c = poll->data;
    bool broken = false;

    if (status < 0)
        c->watched = 0; /* libuv no longer looks */
    if (c->state == CONN_CONNECTING) {
        go_on_connecting(c);
        return;
    }
    if (status < 0 || (events & UV_READABLE))
        broken = PQconsumeInput(c->pg) == 0;
    /* Also of a broken connection the results that came before are taken: among them is the reason. */
    if (c->state == CONN_RUNNING)
        after_steps(c, steps_advance(c));
    else if (c->state == CONN_SETTING_UP && !go_on_setting_up(c))
        return;
    if (c->state == CONN_CLOSED)
        return;
    if (c->state == CONN_SETTING_UP && broken)
        not_connected(c, PQerrorMessage(c->pg));
    else if (broken || PQstatus(c->pg) == CONNECTION_BAD || !flush(c))
        lost(c, PQerrorMessage(c->pg));
}

/* ---- cancelling ---- */

static void send_cancel(uv_work_t *req)
{
    struct cancel *cancel = req->data;
    char ignored[256]; /* what does not get through is sent again, and in the end the connection is cut */

    (void)PQcancel(cancel->request, ignored, sizeof ignored);
}

static void on_cancel_sent(uv_work_t *req, int status)
{
    struct cancel *cancel = req->data;

    (void)status;
    if (cancel->conn)
        cancel->conn->cancel = NULL;
    PQfreeCancel(cancel->request);
    pool_release(cancel->pool);
    free(cancel);
}

static void start_cancel(struct db_conn *c)
{
    struct cancel *cancel = mem_new(1, sizeof *cancel);

    cancel->req.data = cancel;
    cancel->pool = c->pool;
    cancel->conn = c;
    cancel->request = PQgetCancel(c->pg);
    if (!cancel->request) { /* it is broken already, as on_poll will find */
        free(cancel);
        return;
    }
    c->cancel = cancel;
    c->pool->open++;
    CHECK(uv_queue_work(loop_uv(c->pool->loop), &cancel->req, send_cancel, on_cancel_sent) == 0);
}

/* A request that overtakes its statement has no effect, so it is repeated. */
static void on_stop_tick(void *arg)
{
    struct db_conn *c = arg;

    c->timer = NULL;
    if (++c->stop_ticks == STOP_TICKS_MAX) {
        lost(c, "no answer to a cancel request");
        return;
    }
    if (!c->cancel)
        start_cancel(c);
    c->timer = timer_start(c->pool->loop, STOP_TICK_MS, on_stop_tick, c);
}

void conn_stop(struct db_conn *c)
{
    CHECK(!c->worn && !c->timer);
    c->worn = true;
    start_cancel(c);
    c->timer = timer_start(c->pool->loop, STOP_TICK_MS, on_stop_tick, c);
}
