#include "cli/commands.h"
#include "cli/rows.h"
#include "common/store/dead_letter.h"
#include <inttypes.h>
#include <stdlib.h>

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

/* The queue forgets these jobs: a retried one is then missing there, and the scheduler puts it in anew. */
static int forget_jobs(const struct session *s, const char *const *ids, int count, struct err *e)
{
    struct answer removed = {0}, woken = {0};
    int rc = 0;
    if (count > 0) {
        queue_remove(s->queue, ids, count, answer_plain, &removed);
        rc = answer_wait(s, &removed, e);
    }
    if (rc < 0)
        return rc;
    queue_wake_scheduler(s->queue, answer_plain, &woken);
    return answer_wait(s, &woken, e);
}

static int retry_all(struct session *s, struct answer *retried, struct err *e)
{
    struct rows rows;
    int rc = rows_read(s, LIST_DEAD, NULL, &rows, e);
    const char **ids = calloc((size_t)rows.count + 1, sizeof *ids);
    for (int i = 0; ids && i < rows.count; i++)
        ids[i] = row_text(rows.items[i], "id");
    if (rc == 0) {
        dead_letter_retry(s->db, NULL, answer_count, retried);
        rc = answer_wait(s, retried, e);
    }
    if (rc == 0 && ids)
        rc = forget_jobs(s, ids, rows.count, e);
    free(ids);
    rows_clear(&rows);
    return rc;
}

int cmd_dead_retry(struct session *s, const struct args *a, struct err *e)
{
    const char *id = args_operand(a, 0);
    if (!id == !args_option(a, "--all"))
        return err_set(e, ERR_USAGE, "dead retry: give either the id of one dead letter or --all");
    int rc = session_need(s, NEED_SCHEMA | NEED_REDIS, e);
    if (rc < 0)
        return rc;
    struct answer retried = {0};
    if (id) {
        dead_letter_retry(s->db, id, answer_count, &retried);
        rc = answer_wait(s, &retried, e);
        if (rc == 0)
            rc = forget_jobs(s, &id, 1, e);
    } else {
        rc = retry_all(s, &retried, e);
    }
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
    struct answer dropped = {0};
    dead_letter_drop(s->db, id, answer_count, &dropped);
    rc = answer_wait(s, &dropped, e);
    return rc < 0 ? rc : forget_jobs(s, &id, 1, e);
}
