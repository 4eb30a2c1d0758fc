#include "cli/commands.h"
#include "cli/rows.h"
#include "common/store/dead_letter.h"
#include <inttypes.h>

int cmd_dead_list(struct session *s, const struct args *a, struct err *e)
{
    static const struct table_column columns[] = {{"ID", "id"},
                                                  {"CONNECTION", "connection_id"},
                                                  {"KIND", "kind"},
                                                  {"FROM", "date_from"},
                                                  {"TO", "date_to"},
                                                  {"ATTEMPTS", "attempts"},
                                                  {"CODE", "error_code"},
                                                  {"ERROR", "error"},
                                                  {0}};
    return rows_list(s, LIST_DEAD, NULL, args_option(a, "--json") != NULL, columns, e);
}

int cmd_dead_retry(struct session *s, const struct args *a, struct err *e)
{
    const char *id = args_operand(a, 0);
    if (!id == !args_option(a, "--all"))
        return err_set(e, ERR_USAGE, "dead retry: give either the id of one dead letter or --all");
    int rc = session_need(s, NEED_SCHEMA | NEED_REDIS, e);
    if (rc < 0)
        return rc;
    struct answer retried = {0}, woken = {0};
    dead_letter_retry(s->db, id, answer_count, &retried);
    rc = answer_wait(s, &retried, e);
    if (rc < 0)
        return rc;
    queue_wake_scheduler(s->queue, answer_plain, &woken);
    rc = answer_wait(s, &woken, e);
    if (rc == 0)
        printf("%" PRId64 " put back to work\n", retried.count);
    return rc;
}

int cmd_dead_drop(struct session *s, const struct args *a, struct err *e)
{
    const char *id = args_operand(a, 0);
    int rc = session_need(s, NEED_SCHEMA | NEED_REDIS, e);
    if (rc < 0)
        return rc;
    struct answer dropped = {0}, removed = {0};
    dead_letter_drop(s->db, id, answer_count, &dropped);
    rc = answer_wait(s, &dropped, e);
    if (rc < 0)
        return rc;
    queue_remove(s->queue, &id, 1, answer_plain, &removed);
    return answer_wait(s, &removed, e);
}
