#include "cli/commands.h"
#include "cli/session.h"
#include "common/store/hold.h"

static void on_released(void *arg, int rc, bool released, const struct err *e)
{
    answer_count64(arg, rc, released, e);
}

int cmd_hold(struct session *s, const struct args *a, struct err *e)
{
    if (args_option(a, "--reason")[0] == '\0')
        return err_set(e, ERR_USAGE, "--reason: must not be empty");
    int rc = session_need(s, NEED_SCHEMA, e);
    if (rc < 0)
        return rc;
    struct answer held = {0};
    hold_set(s->db, args_option(a, "--connection"), args_option(a, "--reason"), answer_plain, &held);
    return answer_wait(s, &held, e);
}

int cmd_release(struct session *s, const struct args *a, struct err *e)
{
    int rc = session_need(s, NEED_SCHEMA | NEED_REDIS, e);
    if (rc < 0)
        return rc;
    struct answer released = {0}, woken = {0};
    hold_release(s->db, args_option(a, "--connection"), on_released, &released);
    rc = answer_wait(s, &released, e);
    if (rc < 0)
        return rc;
    if (released.count == 0)
        (void)fprintf(stderr, "it was not held\n");
    queue_wake_for_all(s->queue, answer_plain, &woken);
    return answer_wait(s, &woken, e);
}
