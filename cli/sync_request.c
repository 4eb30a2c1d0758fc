#include "cli/sync_request.h"
#include "cli/status_report.h"

struct creating {
    struct answer answer;
    struct run_answer *out;
};

static void on_created(void *arg, int rc, const struct run_answer *a, const struct err *e)
{
    struct creating *c = arg;
    if (rc == 0)
        *c->out = *a;
    answer_is(&c->answer, rc, e);
}

int sync_request(struct session *s, const struct run_request *r, struct run_answer *out, struct err *e)
{
    struct creating c = {.out = out};
    run_create(s->db, r, on_created, &c);
    int rc = answer_wait(s, &c.answer, e);
    if (rc < 0)
        return rc;
    struct answer woken = {0};
    queue_wake_scheduler(s->queue, answer_plain, &woken);
    rc = answer_wait(s, &woken, e);
    if (rc < 0)
        return rc;
    if (out->existed)
        (void)fprintf(stderr, "the same sync is open already: run %s\n", out->id);
    status_warn_idle(s, r->connection_id);
    return 0;
}
