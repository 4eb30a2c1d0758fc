#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/db_parts.h"
#include <stdlib.h>
#include <string.h>

struct db_pool *db_view_new(struct db_pool *p, const char *sql, const char *id)
{
    struct db_pool *view = mem_new(1, sizeof *view);

    CHECK(!p->view.of);
    struct db_view *v = &view->view;
    v->of = p;
    CHECK(str_copy(v->param_text, sizeof v->param_text, id));
    v->param = v->param_text;
    v->step = (struct db_step){.sql = sql, .params = &v->param, .count = 1};
    return view;
}

void db_view_free(struct db_pool *view)
{
    CHECK(!view || view->view.of);
    free(view);
}

struct db_step *view_steps(const struct db_view *v, const struct db_step *steps, int count)
{
    struct db_step *all = mem_new((size_t)count + 1, sizeof *all);

    all[0] = v->step;
    memcpy(all + 1, steps, (size_t)count * sizeof *steps);
    return all;
}
