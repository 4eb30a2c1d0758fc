#include "api/walls.h"
#include "common/store/sql.h"

#define READ_LOCK_MS "2000"

struct finding {
    struct err e;
};

static void on_rows(void *arg, const struct db_results *r)
{
    struct finding *f = arg;
    if (db_rows(r, 0) > 0)
        (void)err_set(&f->e, ERR_SETTING, "DATABASE_URL: %s", db_text(r, 0, 0, 0));
}

int walls_check(struct loop *l, struct db_pool *login, struct err *e)
{
    const struct db_step step = {.sql = sql_text("walls_check")};
    struct finding f = {{0}};
    const int rc = db_run_wait(l, login, DB_PLAIN, &step, 1, on_rows, &f, e);
    if (rc != 0)
        return rc;
    return f.e.rc != 0 ? err_copy(e, &f.e) : 0;
}

struct db_pool *workspace_view(struct db_pool *walled, const char *workspace, bool reads)
{
    return db_view_new(walled,
                       reads ? "SELECT set_config('lock_timeout', '" READ_LOCK_MS "', true), workspace_enter($1::uuid)"
                             : "SELECT workspace_enter($1::uuid)",
                       workspace);
}
