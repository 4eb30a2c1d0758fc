#include "common/base/check.h"
#include "common/base/str.h"
#include "common/io/db_parts.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const PGresult *step_result(const struct db_results *r, int step)
{
    CHECK(step >= 0 && step + r->skip < r->count);
    return r->steps[step + r->skip];
}

int db_columns(const struct db_results *r, int step)
{
    return PQnfields(step_result(r, step));
}

int db_rows(const struct db_results *r, int step)
{
    return PQntuples(step_result(r, step));
}

int64_t db_affected(const struct db_results *r, int step)
{
    const PGresult *res = step_result(r, step);
    char *digits = res ? PQcmdTuples((PGresult *)(uintptr_t)res) : NULL; /* does not change it, only lacks the const */
    int64_t count = 0;

    if (digits)
        (void)str_to_i64(digits, 0, INT64_MAX, &count); /* "" for statements that do not count */
    return count;
}

static const PGresult *cell(const struct db_results *r, int step, int row, int col)
{
    const PGresult *res = step_result(r, step);
    CHECK(row >= 0 && row < PQntuples(res) && col >= 0 && col < PQnfields(res));
    return res;
}

bool db_is_null(const struct db_results *r, int step, int row, int col)
{
    return PQgetisnull(cell(r, step, row, col), row, col) != 0;
}

const char *db_text(const struct db_results *r, int step, int row, int col)
{
    return PQgetvalue(cell(r, step, row, col), row, col);
}

int64_t db_int(const struct db_results *r, int step, int row, int col)
{
    int64_t value = 0;
    if (!db_is_null(r, step, row, col))
        CHECK(str_to_i64(db_text(r, step, row, col), INT64_MIN, INT64_MAX, &value));
    return value;
}

bool db_bool(const struct db_results *r, int step, int row, int col)
{
    return db_text(r, step, row, col)[0] == 't';
}

const char *db_sqlstate(const struct db_results *r)
{
    return r->sqlstate;
}

bool db_unsure(const struct db_results *r)
{
    return r->unsure;
}

int db_session(const struct db_results *r)
{
    return r->session;
}

void results_clear(struct db_results *r)
{
    for (int i = 0; i < r->count; i++) {
        PQclear(r->steps[i]);
        r->steps[i] = NULL;
    }
    r->sqlstate[0] = '\0';
    r->unsure = false;
}

bool result_ended_session(const PGresult *res)
{
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    return !severity || strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0;
}

static int code_of(const char *sqlstate, bool ended_session)
{
    static const struct {
        const char *prefix;
        int rc;
    } table[] = {
        {"08", ERR_DB_AWAY},    {"57P01", ERR_DB_AWAY},  {"57P02", ERR_DB_AWAY},  {"57P03", ERR_DB_AWAY},
        {"MX001", ERR_FENCED},  {"40001", ERR_CONFLICT}, {"40P01", ERR_CONFLICT}, /* serialization, deadlock */
        {"57014", ERR_TIMEOUT}, /* the server's own statement_timeout */
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (str_starts(sqlstate, table[i].prefix))
            return table[i].rc;
    }
    return ended_session ? ERR_DB_AWAY : ERR_DB;
}

/* Never the context or the statement: they may quote parameters. */
void result_error(const PGresult *res, char sqlstate[6], struct err *e)
{
    const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    char words[400];

    str_copy(sqlstate, 6, code ? code : "");
    if (strcmp(sqlstate, "55P03") == 0) {
        err_set(e, ERR_TIMEOUT, "somebody keeps a table of PostgreSQL locked that is needed here (SQLSTATE 55P03)");
        return;
    }
    if (code) {
        err_set(e, code_of(code, result_ended_session(res)), "%s%s%s (SQLSTATE %s)", primary ? primary : "",
                detail ? "; " : "", detail ? detail : "", code);
        return;
    }
    char ignored[6];
    connection_error(PQresultErrorMessage(res), ignored, words, sizeof words);
    err_set(e, ERR_DB_AWAY, "connection to PostgreSQL broke: %s", words);
}

/* ":  28P01: " as libpq writes with PQERRORS_VERBOSE, in any language. */
static void find_sqlstate(const char *words, char sqlstate[6])
{
    sqlstate[0] = '\0';
    for (const char *at = strstr(words, ":  "); at; at = strstr(at + 1, ":  ")) {
        size_t len = strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (len == 5 && at[8] == ':') {
            memcpy(sqlstate, at + 3, 5);
            sqlstate[5] = '\0';
        }
    }
}

void connection_error(const char *words, char sqlstate[6], char *out, size_t size)
{
    size_t len = 0;

    find_sqlstate(words, sqlstate);
    while (*words && len + 2 < size) {
        if (str_starts(words, "\nLOCATION:")) { /* where in PostgreSQL's own source */
            words++;
            words += strcspn(words, "\n");
        } else if (isspace((unsigned char)*words)) {
            if (len > 0 && out[len - 1] != ' ')
                out[len++] = ' ';
            words++;
        } else {
            out[len++] = *words++;
        }
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = '\0';
}
