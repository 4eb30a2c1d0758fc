#include "common/store/schema.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include <stdlib.h>
#include <string.h>

enum { SCHEMA_NEEDED = 1 /* the newest migration that this program relies on */, POSTGRESQL_OLDEST = 150000 };

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

struct checking {
    struct db_pool *pool;
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void end(struct checking *c, int rc, const struct err *e)
{
    c->done(c->arg, rc, rc == 0 ? NULL : e);
    free(c);
}

/* Columns: version, name, oldest program, server's version. */
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
    end(c, rc, &why);
}

void schema_check(struct db_pool *p, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    static const struct db_step steps[] = {
        {.sql = "SELECT version, name, oldest_program FROM schema_migrations ORDER BY version"},
        {.sql = "SELECT current_setting('server_version_num'), current_setting('server_version')"},
    };
    struct checking *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    *c = (struct checking){.pool = p, .done = done, .arg = arg};
    (void)db_run(p, DB_PLAIN, steps, 2, 0, on_read, c);
}
