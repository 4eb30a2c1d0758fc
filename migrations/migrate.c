#include "migrations/migrate.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/schema.h"
#include "migrations/sql_files.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One advisory lock keeps migrators apart; it is taken in every transaction, so that no session has to hold it between.
 * A migration is recorded by the transaction that applies it, together with the tables that it made: what else is in
 * the schema is foreign. */
#define LOCK_SQL "SELECT pg_advisory_xact_lock(hashtextextended('metricx migrate ' || current_schema(), 0))"
#define HEAD "-- oldest-program: "
enum { MIGRATIONS_MAX = 999, FOREIGN_NAMED = 5, VERSION_TEXT = 24, POSTGRESQL_OLDEST = 150000 };

struct migration {
    int number;
    const char *file, *text;
    char oldest[VERSION_TEXT], checksum[65];
    char applied_at[40]; /* "" = pending */
};

struct migrator {
    struct loop *loop;
    struct db_pool *pool;
    void (*say)(void *arg, const char *line);
    void *arg;
    struct migration *list;
    int count, applied;
    struct err problem; /* found while reading results */
    bool has_table;
};

/* ---- what this program brings ---- */

static void read_head(struct migration *m)
{
    const char *version = m->text + strlen(HEAD);
    CHECK(str_starts(m->text, HEAD));
    const size_t len = strcspn(version, "\n");
    CHECK(len > 0 && len < sizeof m->oldest);
    memcpy(m->oldest, version, len);
}

/* The files come sorted by name; a gap among them is a bug of ours. */
static void list_files(struct migrator *g)
{
    while (sql_files[g->count].name != NULL)
        g->count++;
    CHECK(g->count <= MIGRATIONS_MAX);
    g->list = calloc((size_t)g->count + 1, sizeof *g->list);
    CHECK(g->list != NULL);
    for (int i = 0; i < g->count; i++) {
        struct migration *m = &g->list[i];
        int64_t number = 0;
        char digits[5] = "";
        m->file = sql_files[i].name;
        m->text = sql_files[i].text;
        (void)str_copy(digits, sizeof digits, m->file);
        CHECK(str_to_i64(digits, 1, MIGRATIONS_MAX, &number) && number == i + 1);
        m->number = (int)number;
        read_head(m);
    }
}

/* ---- what the database has ---- */

static int run(struct migrator *g, enum db_mode mode, const struct db_step *steps, int count,
               void (*each)(void *arg, const struct db_results *r), struct err *e)
{
    g->problem.rc = 0;
    int rc = db_run_wait(g->loop, g->pool, mode, steps, count, each, g, e);
    return rc != 0 ? rc : g->problem.rc != 0 ? err_copy(e, &g->problem) : 0;
}

/* Step 1 tells the schema, step 2 its foreign tables. */
static void name_foreign(struct migrator *g, const struct db_results *r)
{
    struct buf names;
    const int rows = db_rows(r, 2);
    buf_init(&names, 4096);
    for (int i = 0; i < rows && i < FOREIGN_NAMED; i++)
        buf_addf(&names, "%s%s", i > 0 ? ", " : "", db_text(r, 2, i, 0));
    if (rows > FOREIGN_NAMED)
        buf_addf(&names, " and %d more", rows - FOREIGN_NAMED);
    (void)err_set(&g->problem, ERR_SCHEMA,
                  "the schema \"%s\" has tables that metricx did not make: %s; name another schema in DATABASE_URL "
                  "(options=-csearch_path=...) or use another database",
                  db_text(r, 1, 0, 0), buf_str(&names));
    buf_free(&names);
}

/* Tables of the current schema that are not known and that no extension made. */
#define FOREIGN_SQL(known)                                                                                             \
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                                   \
    " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'f')"                                             \
    " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"            \
    " AND d.deptype = 'e') AND c.relname <> ALL (" known ") ORDER BY 1"
#define OURS_SQL "SELECT 'schema_migrations' UNION ALL SELECT unnest(tables) FROM schema_migrations"

static void on_server(void *arg, const struct db_results *r)
{
    struct migrator *g = arg;
    g->has_table = db_bool(r, 1, 0, 3);
    if (db_int(r, 1, 0, 1) < POSTGRESQL_OLDEST)
        (void)err_set(&g->problem, ERR_SCHEMA, "PostgreSQL 15 or newer is needed, this is %s", db_text(r, 1, 0, 2));
    else if (db_is_null(r, 1, 0, 0))
        (void)err_set(&g->problem, ERR_SCHEMA, "no schema of the search_path exists in this database");
    else if (!g->has_table && db_rows(r, 2) > 0)
        name_foreign(g, r);
}

/* Under one lock: another migrator makes its tables before or after, not in between. */
static int check_server(struct migrator *g, struct err *e)
{
    static const struct db_step server[] = {
        {.sql = LOCK_SQL},
        {.sql = "SELECT current_schema(), current_setting('server_version_num'), current_setting('server_version'),"
                " EXISTS (SELECT 1 FROM pg_attribute WHERE attname = 'oldest_program' AND attrelid ="
                " to_regclass(quote_ident(current_schema()) || '.schema_migrations'))"},
        {.sql = FOREIGN_SQL("ARRAY[]::text[]")},
    };
    return run(g, DB_TX, server, 3, on_server, e);
}

static void on_foreign(void *arg, const struct db_results *r)
{
    if (db_rows(r, 2) > 0)
        name_foreign(arg, r);
}

static int check_foreign(struct migrator *g, struct err *e)
{
    static const struct db_step foreign[] = {
        {.sql = LOCK_SQL},
        {.sql = "SELECT current_schema()"},
        {.sql = FOREIGN_SQL(OURS_SQL)},
    };
    return run(g, DB_TX, foreign, 3, on_foreign, e);
}

static void on_checksum(void *arg, const struct db_results *r)
{
    struct migrator *g = arg;
    for (int i = 0; i < g->count; i++)
        (void)str_copy(g->list[i].checksum, sizeof g->list[i].checksum, db_text(r, i, 0, 0));
}

/* PostgreSQL computes them: so they can be computed again by hand. */
static int read_checksums(struct migrator *g, struct err *e)
{
    struct db_step *steps = calloc((size_t)g->count + 1, sizeof *steps);
    CHECK(steps != NULL);
    for (int i = 0; i < g->count; i++)
        steps[i] = (struct db_step){
            .sql = "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", .params = &g->list[i].text, .count = 1};
    int rc = run(g, DB_TX, steps, g->count, on_checksum, e);
    free(steps);
    return rc;
}

static void on_applied(void *arg, const struct db_results *r)
{
    struct migrator *g = arg;
    g->applied = 0;
    for (int i = 0; i < db_rows(r, 0) && g->problem.rc == 0; i++) {
        const int64_t number = db_int(r, 0, i, 0);
        const char *name = db_text(r, 0, i, 1);
        if (number != i + 1) {
            (void)err_set(&g->problem, ERR_SCHEMA,
                          "migration %d is missing in this database although %s (%" PRId64 ") is applied", i + 1, name,
                          number);
        } else if (number <= g->count) {
            struct migration *m = &g->list[i];
            if (strcmp(m->checksum, db_text(r, 0, i, 2)) != 0)
                (void)err_set(&g->problem, ERR_SCHEMA,
                              "migration %s was applied to this database with another text than this program's", name);
            (void)str_copy(m->applied_at, sizeof m->applied_at, db_text(r, 0, i, 3));
            g->applied++;
        } else if (version_compare(METRICX_VERSION, db_text(r, 0, i, 4)) < 0) {
            (void)err_set(&g->problem, ERR_SCHEMA,
                          "the database has migration %s, which needs metricx %s or newer; this is %s", name,
                          db_text(r, 0, i, 4), METRICX_VERSION);
        }
    }
}

static int read_applied(struct migrator *g, struct err *e)
{
    static const struct db_step applied = {
        .sql =
            "SELECT version, name, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC',"
            " oldest_program FROM schema_migrations ORDER BY version"};
    return run(g, DB_PLAIN, &applied, 1, on_applied, e);
}

static int look(struct migrator *g, struct err *e)
{
    int rc = check_server(g, e);
    if (rc == 0)
        rc = read_checksums(g, e);
    if (rc == 0 && g->has_table)
        rc = read_applied(g, e);
    return rc;
}

/* ---- applying ---- */

static int make_table(struct migrator *g, struct err *e)
{
    static const struct db_step make[] = {
        {.sql = LOCK_SQL},
        {.sql = "CREATE TABLE IF NOT EXISTS schema_migrations (version int PRIMARY KEY, name text NOT NULL,"
                " checksum text NOT NULL, oldest_program text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),"
                " tables text[] NOT NULL DEFAULT '{}')"},
    };
    return run(g, DB_TX, make, 2, NULL, e);
}

static int apply_one(struct migrator *g, const struct migration *m, struct err *e)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%d", m->number);
    const char *const row[] = {number, m->file, m->checksum, m->oldest};
    const char *const made[] = {number};
    /* The row comes first: where somebody else applied it meanwhile, its key stops us before the script. */
    const struct db_step steps[] = {
        {.sql = LOCK_SQL},
        {.sql = "INSERT INTO schema_migrations (version, name, checksum, oldest_program) VALUES ($1::int, $2, $3, $4)",
         .params = row,
         .count = 4},
        {.sql = m->text, .script = true},
        {.sql = "UPDATE schema_migrations SET tables = ARRAY(" FOREIGN_SQL(OURS_SQL) ") WHERE version = $1::int",
         .params = made,
         .count = 1},
    };
    char line[160];
    int rc = run(g, DB_TX, steps, 4, NULL, e);
    if (rc == 0) {
        (void)snprintf(line, sizeof line, "applied %s", m->file);
        g->say(g->arg, line);
        return 0;
    }
    /* Applied by another migrator, or by us although the answer was lost: both are good. */
    struct err again = {0};
    if (read_applied(g, &again) == 0 && g->applied >= m->number)
        return 0;
    return err_wrap(e, "migration %s", m->file);
}

/* ---- roles ---- */

static const struct {
    const char *role, *create, *grants;
} roles[] = {
    {"metricx_reader", "CREATE ROLE metricx_reader NOLOGIN",
     "DO $$ DECLARE r text; BEGIN"
     " EXECUTE format('GRANT USAGE ON SCHEMA %I TO metricx_reader', current_schema());"
     " FOR r IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace"
     " AND c.relkind IN ('r', 'p', 'v') AND c.relname <> 'tokens' LOOP"
     " EXECUTE format('GRANT SELECT ON %I TO metricx_reader', r); END LOOP; END $$"},
    {"metricx_api", "CREATE ROLE metricx_api NOLOGIN",
     "DO $$ DECLARE here text := current_schema(); BEGIN"
     " EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM metricx_api', here);"
     " EXECUTE format('GRANT USAGE ON SCHEMA %I TO metricx_api', here); END $$;"
     "GRANT SELECT ON schema_migrations, account_days, restatements, sync_chunks, entity_listings, connection_limits, "
     "chunk_cursor,"
     " ads_insights TO metricx_api;"
     "GRANT SELECT, INSERT, UPDATE ON workspaces, connections, entities, metric_facts, metric_facts_hourly, sync_runs"
     " TO metricx_api;"
     /* It stores tokens, and cannot read them. */
     "GRANT SELECT (id, workspace_id, provider, expires_at, scopes, ad_account_ids, next_check_at, created_at,"
     " updated_at), INSERT, UPDATE,"
     " DELETE ON tokens TO metricx_api;"
     "GRANT SELECT, INSERT, DELETE ON oauth_states TO metricx_api"},
};

static void on_role(void *arg, const struct db_results *r)
{
    bool *there = arg;
    *there = db_rows(r, 0) > 0;
}

static int role_there(struct migrator *g, const char *role, bool *there, struct err *e)
{
    const struct db_step find = {.sql = "SELECT 1 FROM pg_roles WHERE rolname = $1", .params = &role, .count = 1};
    return db_run_wait(g->loop, g->pool, DB_PLAIN, &find, 1, on_role, there, e);
}

/* Roles belong to the whole server, and who migrates may not be allowed to make them: then an operator does. */
static int grant(struct migrator *g, size_t i, struct err *e)
{
    const struct db_step create[] = {{.sql = LOCK_SQL}, {.sql = roles[i].create}};
    const struct db_step give[] = {{.sql = LOCK_SQL}, {.sql = roles[i].grants, .script = true}};
    struct err refused = {0};
    char line[200];
    bool there = false;
    int rc = role_there(g, roles[i].role, &there, e);
    if (rc == 0 && !there && run(g, DB_TX, create, 2, NULL, &refused) != 0)
        rc = role_there(g, roles[i].role, &there, e); /* perhaps made in this moment by somebody else */
    else if (rc == 0)
        there = true;
    if (rc != 0)
        return rc;
    if (there && run(g, DB_TX, give, 2, NULL, &refused) == 0)
        return 0;
    (void)snprintf(line, sizeof line,
                   "%s; -- by hand, as a superuser, then metricx migrate again: this user may not (%.80s)",
                   there ? "-- grants" : roles[i].create, refused.text);
    g->say(g->arg, line);
    return 0;
}

int migrate_apply(struct loop *l, struct db_pool *p, void (*say)(void *arg, const char *line), void *arg, struct err *e)
{
    struct migrator g = {.loop = l, .pool = p, .say = say, .arg = arg};
    list_files(&g);
    int rc = look(&g, e);
    if (rc == 0)
        rc = g.has_table ? check_foreign(&g, e) : make_table(&g, e);
    const int before = g.applied;
    for (int i = before; rc == 0 && i < g.count; i++)
        rc = apply_one(&g, &g.list[i], e);
    for (size_t i = 0; rc == 0 && i < sizeof roles / sizeof roles[0]; i++)
        rc = grant(&g, i, e);
    free(g.list);
    return rc;
}

int migrate_status(struct loop *l, struct db_pool *p, void (*say)(void *arg, const char *line), void *arg,
                   struct err *e)
{
    struct migrator g = {.loop = l, .pool = p, .say = say, .arg = arg};
    list_files(&g);
    int rc = look(&g, e);
    for (int i = 0; rc == 0 && i < g.count; i++) {
        char line[160];
        (void)snprintf(line, sizeof line, "%s  %s", g.list[i].file,
                       g.list[i].applied_at[0] == '\0' ? "pending" : g.list[i].applied_at);
        say(arg, line);
    }
    free(g.list);
    return rc;
}
