#include "cli/status_report.h"
#include "cli/rows.h"
#include "common/base/check.h"
#include "common/base/json_text.h"
#include "common/store/status.h"
#include <string.h>

struct reading {
    int over;
    json_t *report;
};

static void on_status(void *arg, const char *json)
{
    struct reading *r = arg;
    r->report = json_text_read(json, strlen(json), 0, NULL);
    CHECK(r->report);
    r->over = 1;
}

json_t *status_report(struct session *s)
{
    struct reading r = {0};
    status_read(s->db, s->redis, s->settings.queue_prefix, on_status, &r);
    loop_run_until(s->loop, &r.over);
    return r.report;
}

void status_warn_idle(struct session *s, const char *connection_id)
{
    json_t *report = status_report(s);
    size_t i;
    json_t *problem, *hold;
    json_array_foreach(json_object_get(report, "holds"), i, hold)
    {
        const char *held = row_text(hold, "connection_id");
        if (held[0] == '\0' || strcmp(held, connection_id) == 0)
            (void)fprintf(stderr, "held since %s: %s; metricx release ends that\n", row_text(hold, "since"),
                          row_text(hold, "reason"));
    }
    json_array_foreach(json_object_get(report, "problems"), i, problem)
    {
        const char *code = row_text(problem, "code");
        if (strcmp(code, "no_scheduler") == 0 || strcmp(code, "no_worker") == 0)
            (void)fprintf(stderr, "%s\n", row_text(problem, "message"));
    }
    json_decref(report);
}
