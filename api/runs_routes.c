#include "api/runs_routes.h"
#include "api/answer.h"
#include "common/store/listing.h"
#include "common/store/page.h"

static void on_page(void *arg, int rc, const char *const *rows, int count, const char *next, const struct err *e)
{
    if (rc != 0)
        answer_err(arg, e);
    else
        answer_items(arg, rows, count, next);
}

void runs_list(struct call *c)
{
    const char *const params[] = {c->ws, call_param(c, "connection_id"), call_param(c, "status")};
    page_read(c->db, "page_runs", params, 3, call_param(c, "cursor"), (int)call_param_int(c, "limit", 100), on_page, c);
}

static void on_run(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct err none;
    if (rc != 0) {
        answer_err(arg, e);
    } else if (count == 0) {
        (void)err_set(&none, ERR_NOT_FOUND, "there is no such run");
        answer_err(arg, &none);
    } else {
        answer_json(arg, 200, rows[0]);
    }
}

void run_show(struct call *c)
{
    listing_read(c->db, LIST_RUN, c->id, on_run, c);
}
