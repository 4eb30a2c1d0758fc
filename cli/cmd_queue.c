#include "cli/commands.h"
#include "cli/session.h"

int cmd_queue_rebuild(struct session *s, const struct args *a, struct err *e)
{
    (void)a;
    int rc = session_need(s, NEED_SCHEMA | NEED_REDIS, e);
    if (rc < 0)
        return rc;
    struct answer cleared = {0}, woken = {0};
    queue_clear(s->queue, answer_plain, &cleared);
    rc = answer_wait(s, &cleared, e);
    if (rc < 0)
        return rc;
    /* The scheduler's reconciler puts every open chunk back that Redis does not know. */
    queue_wake_scheduler(s->queue, answer_plain, &woken);
    return answer_wait(s, &woken, e);
}
