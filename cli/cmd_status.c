#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/status_report.h"
#include "cli/table.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/program.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LISTED_MAX 100 /* budgets and open runs */

/* all: how many there are, when only the first ones are in the report. */
static void print_part(const json_t *report, const char *name, const char *title, int64_t all,
                       const struct table_column *columns)
{
    const json_t *list = json_object_get(report, name);
    size_t count = json_array_size(list);
    if (all > (int64_t)count && count >= LISTED_MAX)
        printf("\n%s: %" PRId64 ", the first %zu\n", title, all, count);
    else
        printf("\n%s: %zu\n", title, count);
    if (count == 0)
        return;
    json_t **rows = mem_new(count, sizeof(json_t *));
    for (size_t i = 0; i < count; i++)
        rows[i] = json_array_get(list, i);
    table_print(stdout, columns, rows, (int)count);
    free(rows);
}

/* "until 14:05:00 UTC (budget spent)" */
static void say_parked(const json_t *list)
{
    size_t i;
    json_t *budget;
    json_array_foreach(list, i, budget)
    {
        const char *at = row_text(budget, "next_call_at");
        if (strlen(at) < 19)
            continue;
        json_t *text = json_sprintf("until %.8s UTC (%s)", at + 11, row_text(budget, "parked_by"));
        CHECK(text && json_object_set_new(budget, "parked", text) == 0);
    }
}

static void print_report(const json_t *report)
{
    static const struct table_column workers[] = {{"ID", "id"},           {"HOST", "host"},         {"PID", "pid"},
                                                  {"VERSION", "version"}, {"JOBS", "jobs"},         {"ROWS", "rows"},
                                                  {"CALLS", "calls"},     {"LAST SEEN", "seen_at"}, {0}};
    static const struct table_column budgets[] = {{"SCOPE", "scope"},
                                                  {"USED", "used"},
                                                  {"LIMIT", "limit"},
                                                  {"LEARNED", "learned_limit"},
                                                  {"WINDOW s", "window_seconds"},
                                                  {"META %", "usage_percent"},
                                                  {"AGE s", "usage_age"},
                                                  {"FOREIGN %", "foreign_percent"},
                                                  {"PARKED", "parked"},
                                                  {0}};
    static const struct table_column runs[] = {{"ID", "id"},
                                               {"CONNECTION", "connection_id"},
                                               {"KIND", "kind"},
                                               {"STATUS", "status"},
                                               {"CHUNKS", "chunks_total"},
                                               {"DONE", "chunks_done"},
                                               {"DEAD", "chunks_dead"},
                                               {"CREATED", "created_at"},
                                               {0}};
    static const struct table_column holds[] = {{"CONNECTION", "connection_id"},
                                                {"ACCOUNT", "external_account_id"},
                                                {"SINCE", "since"},
                                                {"REASON", "reason"},
                                                {0}};
    const json_t *queue = json_object_get(report, "queue"), *scheduler = json_object_get(report, "scheduler");
    printf("queue: %" PRId64 " ready, %" PRId64 " leased, %" PRId64 " delayed, %" PRId64 " dead\n",
           row_int(queue, "ready"), row_int(queue, "leased"), row_int(queue, "delayed"), row_int(queue, "dead"));
    if (json_is_true(json_object_get(scheduler, "alive")))
        printf("scheduler: %s on %s, last tick %s\n", row_text(scheduler, "leader"), row_text(scheduler, "host"),
               row_text(scheduler, "tick_at"));
    else
        printf("scheduler: none\n");
    printf("dead letters: %" PRId64 "\n", row_int(report, "dead_letters"));
    print_part(report, "workers", "workers", 0, workers);
    say_parked(json_object_get(report, "budgets"));
    print_part(report, "budgets", "budgets", row_int(report, "accounts"), budgets);
    print_part(report, "runs", "open runs", row_int(report, "open_runs"), runs);
    if (json_array_size(json_object_get(report, "holds")) > 0)
        print_part(report, "holds", "held", 0, holds);
}

/* One line a problem; returns their number. */
static size_t print_problems(FILE *out, const json_t *report)
{
    size_t i;
    json_t *problem;
    const json_t *problems = json_object_get(report, "problems");
    json_array_foreach(problems, i, problem)(void)
        fprintf(out, "%s: %s\n", row_text(problem, "code"), row_text(problem, "message"));
    return json_array_size(problems);
}

static void print_json(const json_t *report)
{
    char *text = json_dumps(report, JSON_INDENT(1));
    CHECK(text);
    (void)puts(text);
    free(text);
}

int cmd_status(struct session *s, const struct args *a, struct err *e)
{
    int rc = session_connect(s, e);
    if (rc < 0)
        return rc;
    json_t *report = status_report(s);
    bool check = args_option(a, "--check") != NULL, json = args_option(a, "--json") != NULL;
    bool reached = json_is_true(json_object_get(report, "complete"));
    size_t problems = json_array_size(json_object_get(report, "problems"));
    if (json)
        print_json(report);
    else if (check)
        (void)print_problems(stdout, report);
    else
        print_report(report);
    if (!json && !check && problems > 0) {
        (void)fputc('\n', stderr);
        (void)print_problems(stderr, report);
    }
    json_decref(report);
    /* Without --check only an answer with holes is a failure. */
    return (check && problems > 0) || !reached ? EXIT_FAILED : 0;
}
