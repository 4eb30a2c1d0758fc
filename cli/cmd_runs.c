#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/table.h"
#include "common/base/mem.h"
#include "common/store/run.h"
#include "common/store/run_event.h"
#include <stdlib.h>
#include <string.h>

int cmd_runs(struct session *s, const struct args *a, struct err *e)
{
    static const struct table_column columns[] = {{"ID", "id"},
                                                  {"KIND", "kind"},
                                                  {"TRIGGER", "trigger"},
                                                  {"STATUS", "status"},
                                                  {"FROM", "date_from"},
                                                  {"TO", "date_to"},
                                                  {"CHUNKS", "chunks_total"},
                                                  {"DONE", "chunks_done"},
                                                  {"DEAD", "chunks_dead"},
                                                  {"CALLS", "calls"},
                                                  {"CREATED", "created_at"},
                                                  {"FINISHED", "finished_at"},
                                                  {0}};
    return rows_list(s, LIST_RUNS, args_option(a, "--connection"), args_option(a, "--json") != NULL, columns, e);
}

int cmd_run(struct session *s, const struct args *a, struct err *e)
{
    static const struct table_column columns[] = {
        {"CHUNK", "id"},  {"KIND", "kind"},   {"FROM", "date_from"},    {"TO", "date_to"},  {"STATUS", "status"},
        {"ROWS", "rows"}, {"CALLS", "calls"}, {"ATTEMPTS", "attempts"}, {"ERROR", "error"}, {0}};
    const char *id = args_operand(a, 0);
    bool json = args_option(a, "--json") != NULL;
    int rc = rows_show(s, LIST_RUN, "run", id, json, e);
    if (rc < 0 || json)
        return rc;
    (void)putchar('\n');
    return rows_list(s, LIST_RUN_CHUNKS, id, false, columns, e);
}

/* The chunks that a cancelled run had open. */
struct cancelling {
    struct answer answer;
    char (*ids)[UUID_TEXT];
    int count;
};

static void on_cancelled(void *arg, int rc, const char *const *ids, int count, const struct err *e)
{
    struct cancelling *c = arg;
    if (rc == 0) {
        c->ids = mem_new((size_t)count + 1, UUID_TEXT);
        for (; c->count < count; c->count++)
            (void)snprintf(c->ids[c->count], UUID_TEXT, "%s", ids[c->count]);
    }
    answer_is(&c->answer, rc, e);
}

/* The queue forgets the jobs, and who watches the run hears of it. */
static int tell_queue(struct session *s, const struct cancelling *c, const char *run_id, struct err *e)
{
    struct rows rows;
    int rc = rows_read_one(s, LIST_RUN, "run", run_id, &rows, e);
    if (rc < 0)
        return rc;
    const char **ids = mem_new((size_t)c->count + 1, sizeof *ids);
    for (int i = 0; i < c->count; i++)
        ids[i] = c->ids[i];
    struct answer removed = {0}, updated = {0}, woken = {0};
    if (c->count > 0) {
        queue_remove(s->queue, ids, c->count, answer_plain, &removed);
        rc = answer_wait(s, &removed, e);
    }
    const json_t *run = rows.items[0], *progress = json_object_get(run, "progress");
    const struct run_news news = {.run_id = run_id,
                                  .workspace_id = row_text(run, "workspace_id"),
                                  .connection_id = row_text(run, "connection_id"),
                                  .kind = row_text(run, "kind"),
                                  .status = "cancelled",
                                  .chunks_total = row_int(run, "chunks_total"),
                                  .chunks_done = row_int(run, "chunks_done"),
                                  .rows = row_int(progress, "rows"),
                                  .calls = row_int(progress, "calls")};
    struct run_fields fields;
    run_fields_fill(&fields, &news);
    if (rc == 0) {
        queue_run_update(s->queue, run_id, fields.list, true, NULL, answer_plain, &updated);
        rc = answer_wait(s, &updated, e);
    }
    if (rc == 0) { /* who publishes the event */
        queue_wake_scheduler(s->queue, answer_plain, &woken);
        rc = answer_wait(s, &woken, e);
    }
    free(ids);
    rows_clear(&rows);
    return rc;
}

int cmd_cancel(struct session *s, const struct args *a, struct err *e)
{
    const char *id = args_operand(a, 0);
    int rc = session_need(s, NEED_SCHEMA | NEED_REDIS, e);
    if (rc < 0)
        return rc;
    struct cancelling c = {0};
    run_cancel(s->db, id, on_cancelled, &c);
    rc = answer_wait(s, &c.answer, e);
    if (rc == 0)
        rc = tell_queue(s, &c, id, e);
    free(c.ids);
    return rc;
}
