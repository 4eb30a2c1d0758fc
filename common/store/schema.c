#include "common/store/schema.h"
#include "common/base/mem.h"
#include <stdlib.h>
#include <string.h>

/* SCHEMA_NEEDED, the number of migrations that were known when this program was built, comes with its build. */
enum { POSTGRESQL_OLDEST = 150000 };

static int64_t next_number(const char **text)
{
    int64_t value = 0;
    while (**text >= '0' && **text <= '9' && value < INT64_MAX / 10 - 1)
        value = value * 10 + (*(*text)++ - '0');
    while (**text != '\0' && **text != '.')
        (*text)++;
    if (**text == '.')
        (*text)++;
    return value;
}

int version_compare(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        const int64_t x = next_number(&a), y = next_number(&b);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

/* ---- transaction pooling ---- */

/* Behind a pooler two sessions of ours use the server's processes at once, each round in another order. Where a session
 * is then answered by another process than before, or two by the same one, the pooler lends them by the transaction. */
enum { ROUNDS = 4, AT_ONCE = 2, SEEN_MAX = ROUNDS * AT_ONCE };

struct checking {
    struct db_pool *pool;
    struct {
        int session;
        int64_t process;
    } seen[SEEN_MAX];
    int seen_count, round, pending;
    struct err problem;
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void end(struct checking *c, int rc, const struct err *e)
{
    c->done(c->arg, rc, rc == 0 ? NULL : e);
    free(c);
}

static bool lends(const struct checking *c)
{
    for (int i = 0; i < c->seen_count; i++)
        for (int k = 0; k < i; k++)
            if ((c->seen[i].session == c->seen[k].session) != (c->seen[i].process == c->seen[k].process))
                return true;
    return false;
}

static void start_round(struct checking *c);

static void on_probe(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct checking *c = arg;
    if (rc != 0) {
        (void)err_copy(&c->problem, e);
    } else {
        c->seen[c->seen_count].session = db_session(r);
        c->seen[c->seen_count++].process = db_int(r, 0, 0, 0);
    }
    if (--c->pending > 0)
        return;
    if (c->problem.rc == 0 && lends(c))
        (void)err_set(
            &c->problem, ERR_SETTING,
            "DATABASE_URL: there is a pooler that lends its connections by the transaction; use session pooling, "
            "or connect directly");
    if (c->problem.rc != 0 || ++c->round == ROUNDS)
        end(c, c->problem.rc, &c->problem);
    else
        start_round(c);
}

static void start_round(struct checking *c)
{
    static const struct db_step brief = {.sql = "SELECT pg_backend_pid() FROM pg_sleep(0.01)"};
    static const struct db_step longer = {.sql = "SELECT pg_backend_pid() FROM pg_sleep(0.04)"};
    c->pending = AT_ONCE;
    for (int i = 0; i < AT_ONCE; i++)
        (void)db_run(c->pool, DB_PLAIN, (c->round + i) % 2 == 0 ? &brief : &longer, 1, 0, on_probe, c);
}

/* ---- the schema ---- */

/* Columns: version, name, oldest program, then of the server: version number, version, process. */
static int judge(const struct db_results *r, struct err *e)
{
    const int rows = db_rows(r, 0);
    if (db_int(r, 1, 0, 0) < POSTGRESQL_OLDEST)
        return err_set(e, ERR_SCHEMA, "PostgreSQL 15 or newer is needed, this is %s", db_text(r, 1, 0, 1));
    for (int i = 0; i < rows; i++)
        if (version_compare(METRICX_VERSION, db_text(r, 0, i, 2)) < 0)
            return err_set(e, ERR_SCHEMA, "the database (migration %s) needs metricx %s or newer; this is %s",
                           db_text(r, 0, i, 1), db_text(r, 0, i, 2), METRICX_VERSION);
    if (rows < SCHEMA_NEEDED)
        return err_set(e, ERR_SCHEMA,
                       "the database has %d of the %d migrations that this version needs: run `metricx migrate`", rows,
                       SCHEMA_NEEDED);
    return 0;
}

static void on_read(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct checking *c = arg;
    struct err why = {0};
    /* undefined table, undefined column: none, or somebody else's */
    if (rc == ERR_DB && (strcmp(db_sqlstate(r), "42P01") == 0 || strcmp(db_sqlstate(r), "42703") == 0))
        rc = err_set(&why, ERR_SCHEMA, "the database has no schema of metricx: run `metricx migrate`");
    else if (rc != 0)
        (void)err_copy(&why, e);
    else
        rc = judge(r, &why);
    if (rc == 0 && db_session(r) != db_int(r, 1, 0, 2))
        start_round(c);
    else
        end(c, rc, &why);
}

void schema_check(struct db_pool *p, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    static const struct db_step steps[] = {
        {.sql = "SELECT version, name, oldest_program FROM schema_migrations ORDER BY version"},
        {.sql = "SELECT current_setting('server_version_num'), current_setting('server_version'), pg_backend_pid()"},
    };
    struct checking *c = mem_new(1, sizeof *c);
    *c = (struct checking){.pool = p, .done = done, .arg = arg};
    (void)db_run(p, DB_PLAIN, steps, 2, 0, on_read, c);
}
