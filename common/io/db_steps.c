#include "common/base/mem.h"
#include "common/io/db_parts.h"
#include <stdlib.h>
#include <string.h>

/* One step list on one connection, sent in segments. A segment is either a pipeline, ended by one sync and read until
 * that comes back, or a copy or script step alone. DB_TX without copies is a single segment: BEGIN, steps and COMMIT in
 * one round trip. DB_PLAIN has a segment per step. After a failure nothing more is sent but ROLLBACK. */

enum { COPY_CHUNK = 64 << 10 };
enum { AT_BEGIN = -1, AT_SYNC = -2 };

struct unit {
    int position;             /* or AT_SYNC */
    struct prepared *prepare; /* this is not the statement but its preparation */
    struct prepared *ready;   /* the statement was prepared by a former operation */
};

static const struct db_step *step_at(const struct steps *s)
{
    return &s->op->steps[s->position];
}

/* Copies and scripts cannot be pipelined. */
static bool goes_alone(const struct steps *s)
{
    return s->position >= 0 && s->position < s->op->count && (step_at(s)->copy || step_at(s)->script);
}

static void add_unit(struct steps *s, int position, struct prepared *prepare, struct prepared *ready)
{
    s->units[s->unit_count++] = (struct unit){position, prepare, ready};
}

static bool send_statement(struct db_conn *c)
{
    static const struct db_step begin = {.sql = "BEGIN ISOLATION LEVEL READ COMMITTED"}, commit = {.sql = "COMMIT"};
    struct steps *s = &c->steps;
    const struct db_step *step = s->position == AT_BEGIN ? &begin : s->position == s->op->count ? &commit : step_at(s);
    struct prepared *p = step->afresh ? NULL : prepared_get(&c->prepared, step->sql);

    if (!p) {
        add_unit(s, s->position, NULL, NULL);
        return PQsendQueryParams(c->pg, step->sql, step->count, NULL, step->params, NULL, NULL, 0) == 1;
    }
    add_unit(s, s->position, NULL, p->state == PREPARED_READY ? p : NULL);
    if (p->state == PREPARED_NOT) {
        s->units[s->unit_count - 1].prepare = p;
        add_unit(s, s->position, NULL, NULL);
        p->state = PREPARED_SENT;
        if (PQsendPrepare(c->pg, p->name, step->sql, step->count, NULL) != 1)
            return false;
    }
    return PQsendQueryPrepared(c->pg, p->name, step->count, step->params, NULL, NULL, 0) == 1;
}

static bool send_segment(struct db_conn *c)
{
    struct steps *s = &c->steps;
    bool plain = s->op->mode == DB_PLAIN, sent;

    s->unit_count = s->unit = 0;
    s->copied = 0;
    s->pipelined = !goes_alone(s);
    if (!s->pipelined) {
        s->at_risk = plain;
        add_unit(s, s->position, NULL, NULL);
        return PQsendQuery(c->pg, s->op->steps[s->position++].sql) == 1;
    }
    if (PQenterPipelineMode(c->pg) != 1)
        return false;
    do {
        sent = send_statement(c);
        s->position++;
    } while (sent && !plain && s->position < s->end && !goes_alone(s));
    s->at_risk = plain || s->position == s->end;
    add_unit(s, AT_SYNC, NULL, NULL);
    return sent && PQpipelineSync(c->pg) == 1;
}

enum steps_state steps_start(struct db_conn *c, struct db_op *op)
{
    struct steps *s = &c->steps;

    free(s->units);
    *s = (struct steps){.op = op};
    s->units = mem_new((size_t)2 * (size_t)(op->count + 2) + 1, sizeof *s->units);
    s->position = op->mode == DB_TX ? AT_BEGIN : 0;
    s->end = op->mode == DB_TX ? op->count + 1 : op->count;
    op->results.session = PQbackendPID(c->pg);
    return send_segment(c) ? STEPS_GO_ON : STEPS_LOST;
}

/* ---- results ---- */

enum taken { TAKEN, TAKEN_SYNC, TAKEN_IMPOSSIBLE };

static void fail(struct steps *s, const struct unit *u, const PGresult *res)
{
    struct db_op *op = s->op;
    const char *sqlstate = op->results.sqlstate;

    if (s->failed || s->rolling_back)
        return;
    s->failed = true;
    s->failed_at = u->position;
    result_error(res, op->results.sqlstate, &op->e);
    s->stale = u->ready && (strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "0A000") == 0);
    /* libpq had no memory for the word that it is prepared */
    s->stale = s->stale || (u->prepare && strcmp(sqlstate, "42P05") == 0);
    /* An error means that nothing takes effect. Only when the session ended with it, COMMIT may have come before. */
    bool before_commit = op->mode == DB_TX && *sqlstate && u->position != AT_SYNC && u->position < op->count;
    if (!result_ended_session(res) || before_commit)
        s->at_risk = false;
}

/* COPY in a step that is not declared as one: the protocol would wait for data for ever. */
static enum taken impossible(struct steps *s)
{
    s->failed = true;
    s->at_risk = false;
    err_set(&s->op->e, ERR_BUG, "a statement copies, but its step has no rows to copy");
    return TAKEN_IMPOSSIBLE;
}

static void keep(struct steps *s, const struct unit *u, PGresult *res)
{
    if (s->rolling_back || u->position < 0 || u->position == s->op->count) { /* not of a step */
        PQclear(res);
        return;
    }
    PQclear(s->op->results.steps[u->position]); /* of a script the last result stays */
    s->op->results.steps[u->position] = res;
}

static enum taken take(struct db_conn *c, PGresult *res)
{
    struct steps *s = &c->steps;
    const struct unit *u = &s->units[s->unit];
    enum taken taken = TAKEN;

    switch (PQresultStatus(res)) {
    case PGRES_EMPTY_QUERY:
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
        if (!u->prepare) {
            keep(s, u, res);
            return TAKEN;
        }
        u->prepare->state = PREPARED_READY;
        break;
    case PGRES_COPY_IN:
        s->copying = true;
        if (s->pipelined || s->rolling_back || !s->op->steps[u->position].copy)
            taken = impossible(s);
        break;
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        taken = impossible(s);
        break;
    case PGRES_PIPELINE_SYNC:
        taken = TAKEN_SYNC;
        break;
    case PGRES_PIPELINE_ABORTED: /* skipped because of an earlier failure */
        break;
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_FATAL_ERROR:
        fail(s, u, res);
        break;
    }
    PQclear(res);
    return taken;
}

/* ---- the way from segment to segment ---- */

static enum steps_state finish(struct steps *s)
{
    struct db_op *op = s->op;

    if (s->failed && op->stop != 0)
        op_stopped(op);
    if (!s->failed && op->stop == ERR_CANCELED) {
        op_stopped(op);
        op->results.unsure = true; /* it was faster than the cancel request */
    }
    return STEPS_ENDED;
}

static bool send_rollback(struct db_conn *c)
{
    struct steps *s = &c->steps;

    s->rolling_back = true;
    s->pipelined = false;
    return PQsendQuery(c->pg, s->stale ? "ROLLBACK; DEALLOCATE ALL" : "ROLLBACK") == 1;
}

/* A prepared statement that the server no longer knows, or whose tables were altered: prepares and does all again,
 * once. */
static bool restart(struct db_conn *c)
{
    struct steps *s = &c->steps;

    prepared_clear(&c->prepared);
    s->op->results.sqlstate[0] = '\0';
    s->op->e = (struct err){0};
    s->position = s->op->mode == DB_TX ? AT_BEGIN : s->failed_at;
    s->failed = s->stale = false;
    s->restarted = true;
    return send_segment(c);
}

static enum steps_state end_segment(struct db_conn *c)
{
    struct steps *s = &c->steps;

    if (s->pipelined && PQexitPipelineMode(c->pg) != 1)
        return STEPS_LOST;
    prepared_settle(&c->prepared);
    if (s->rolling_back) {
        s->rolling_back = false;
        if (s->stale && !s->restarted && s->op->stop == 0)
            return restart(c) ? STEPS_GO_ON : STEPS_LOST;
        return finish(s);
    }
    s->at_risk = false;
    if (!s->failed && s->op->stop != 0 && s->position < s->end) {
        s->failed = true;
        op_stopped(s->op);
    }
    if (s->failed && (s->stale || PQtransactionStatus(c->pg) != PQTRANS_IDLE))
        return send_rollback(c) ? STEPS_GO_ON : STEPS_LOST;
    if (s->failed || s->position == s->end)
        return finish(s);
    return send_segment(c) ? STEPS_GO_ON : STEPS_LOST;
}

/* Hands rows to libpq as long as the socket takes them; the rest when it is writable again. */
static bool feed(struct db_conn *c)
{
    struct steps *s = &c->steps;
    const struct buf *rows = s->op->steps[s->units[s->unit].position].copy;

    while (s->copied < rows->len && s->op->stop == 0) {
        size_t chunk = rows->len - s->copied < COPY_CHUNK ? rows->len - s->copied : COPY_CHUNK;
        int rc = PQputCopyData(c->pg, rows->data + s->copied, (int)chunk);
        if (rc > 0)
            s->copied += chunk;
        int rest = rc < 0 ? -1 : PQflush(c->pg);
        if (rest != 0)
            return rest > 0;
    }
    s->copying = false;
    return PQputCopyEnd(c->pg, s->op->stop != 0 ? "cancelled" : NULL) == 1;
}

enum steps_state steps_advance(struct db_conn *c)
{
    struct steps *s = &c->steps;
    bool ended = false; /* the unit, by the NULL behind its results */

    for (;;) {
        if (s->copying && !feed(c))
            return STEPS_LOST;
        if (s->copying || PQisBusy(c->pg))
            return STEPS_GO_ON;
        PGresult *res = PQgetResult(c->pg);
        enum taken taken = res ? take(c, res) : TAKEN;
        if (taken == TAKEN_IMPOSSIBLE || (!res && ended))
            return STEPS_LOST;
        ended = !res;
        if (!res && s->pipelined) {
            if (s->units[s->unit].position != AT_SYNC)
                s->unit++;
            continue;
        }
        if (res && taken != TAKEN_SYNC)
            continue;
        enum steps_state next = end_segment(c);
        if (next != STEPS_GO_ON)
            return next;
        ended = false;
    }
}

void steps_lost(struct db_conn *c, const char *reason)
{
    struct steps *s = &c->steps;

    if (s->op->stop != 0)
        op_stopped(s->op);
    else if (!s->failed)
        err_set(&s->op->e, ERR_DB_AWAY, "connection to PostgreSQL broke: %s", reason);
    s->op->results.unsure = s->at_risk;
}
