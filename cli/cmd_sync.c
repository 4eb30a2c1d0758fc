#include "cli/commands.h"
#include "cli/forecast.h"
#include "cli/progress.h"
#include "cli/rows.h"
#include "cli/status_report.h"
#include "cli/sync_request.h"
#include "common/base/clk.h"
#include "common/base/program.h"
#include "common/base/str.h"
#include "common/base/zone.h"
#include "common/store/redis_keys.h"
#include <string.h>
#include <time.h>

enum { POLL_MS = 250, STUCK_MS = 15000, REASONS_MAX = 10 };

/* What was asked for, in words that the command line gives. */
static int parse_request(const struct args *a, struct run_request *r, struct err *e)
{
    bool entities = args_option(a, "--entities") != NULL, metrics = args_option(a, "--metrics") != NULL;
    const char *from = args_option(a, "--from"), *to = args_option(a, "--to");
    const char *granularity = args_option(a, "--granularity");
    *r = (struct run_request){.connection_id = args_option(a, "--connection"),
                              .kind = entities == metrics ? "full"
                                      : entities          ? "entities"
                                                          : "metrics",
                              .trigger = "manual",
                              .from = DATE_NONE,
                              .to = DATE_NONE,
                              .granularity = granularity != NULL ? granularity : "day",
                              .force = args_option(a, "--force") != NULL,
                              .interactive = true};
    if (from)
        (void)date_parse(from, &r->from);
    if (to)
        (void)date_parse(to, &r->to);
    if (to && !from)
        return err_set(e, ERR_USAGE, "sync: --to %s needs --from: the first day of the range", to);
    if (from && entities && !metrics)
        return err_set(e, ERR_USAGE, "sync: --from is for metrics; entities are always read whole");
    if (granularity && strcmp(granularity, "day") != 0 && strcmp(granularity, "hour") != 0)
        return err_set(e, ERR_USAGE, "sync: --granularity is %s; it must be day or hour", granularity);
    if (granularity && entities && !metrics)
        return err_set(e, ERR_USAGE, "sync: --granularity is for metrics; entities have none");
    return 0;
}

/* --from alone reaches to the account's today. */
static int default_to(struct session *s, struct run_request *r, struct err *e)
{
    struct rows rows;
    const struct zone *zone = NULL;
    int rc = rows_read_one(s, LIST_CONNECTION, "connection", r->connection_id, &rows, e);
    if (rc == 0)
        rc = zone_get(row_text(rows.items[0], "timezone"), &zone, e);
    if (rc == 0)
        r->to = zone_day(zone, clk_wall_ms());
    if (rc == 0 && r->from > r->to) {
        char today[DATE_TEXT], from[DATE_TEXT];
        rc = err_set(e, ERR_INPUT, "from: %s lies in the future; the account's today is %s", date_text(r->from, from),
                     date_text(r->to, today));
    }
    rows_clear(&rows);
    return rc;
}

/* Watching one run. */
struct watch {
    const char *run;
    struct rows rows; /* the run as it was last read */
    int stopped;      /* somebody pressed Ctrl-C */
    bool away;        /* PostgreSQL is, and that was said */
    int64_t moved_ms; /* when it last made progress */
    struct progress_state seen;
    struct progress progress;
};

static void on_stop(void *arg)
{
    *(int *)arg = 1;
}

static bool ended(const struct watch *w)
{
    const char *status = row_text(w->rows.items[0], "status");
    return strcmp(status, "queued") != 0 && strcmp(status, "running") != 0;
}

/* What the scheduler estimates, from :run:<id>. */
struct estimate {
    int64_t calls_left, left_ms;
    char resumes[8]; /* "" = it goes on */
};

static void on_estimate(void *arg, const struct redis_reply *r)
{
    struct estimate *out = arg;
    int64_t calls = -1, seconds = -1, parked = 0;
    if (!str_to_i64(redis_str(redis_at(r, 0)), 0, INT64_MAX, &calls) ||
        !str_to_i64(redis_str(redis_at(r, 1)), 0, INT32_MAX, &seconds))
        return;
    out->calls_left = calls;
    out->left_ms = seconds * 1000;
    if (str_to_i64(redis_str(redis_at(r, 2)), 0, INT64_MAX, &parked) && parked > clk_wall_ms()) {
        struct tm tm;
        const time_t at = (time_t)(parked / 1000);
        if (localtime_r(&at, &tm) != NULL)
            (void)strftime(out->resumes, sizeof out->resumes, "%H:%M", &tm);
    }
}

/* Nothing is known while Redis is away: that is no failure here. */
static struct estimate estimate_of(struct session *s, const struct watch *w)
{
    struct estimate out = {.calls_left = -1, .left_ms = -1};
    char key[KEY_MAX];
    const char *argv[] = {"HMGET", redis_key(key, s->settings.queue_prefix, "run", w->run), "calls_left", "eta_seconds",
                          "parked_until"};
    if (!ended(w) && redis_command_wait(s->loop, s->redis, 5, argv, on_estimate, &out, NULL) != 0)
        out = (struct estimate){.calls_left = -1, .left_ms = -1};
    return out;
}

static void show(struct session *s, struct watch *w)
{
    const struct estimate left = estimate_of(s, w);
    const json_t *run = w->rows.items[0], *progress = json_object_get(run, "progress");
    const struct progress_state now = {.status = row_text(run, "status"),
                                       .done = row_int(run, "chunks_done"),
                                       .total = row_int(run, "chunks_total"),
                                       .rows = row_int(progress, "rows"),
                                       .calls = row_int(progress, "calls"),
                                       .calls_left = left.calls_left,
                                       .left_ms = left.left_ms,
                                       .resumes = left.resumes[0] != '\0' ? left.resumes : NULL};
    int64_t at = clk_mono_ms();
    if (now.done != w->seen.done || now.rows != w->seen.rows || now.calls != w->seen.calls)
        w->moved_ms = at;
    w->seen = now;
    w->seen.resumes = NULL;
    progress_show(&w->progress, &now, ended(w));
    if (at - w->moved_ms > STUCK_MS && !ended(w)) {
        progress_break(&w->progress);
        status_warn_idle(s, row_text(w->rows.items[0], "connection_id"));
        w->moved_ms = at;
    }
}

/* Reads the run; while PostgreSQL is away the last reading stands. */
static int look(struct session *s, struct watch *w, struct err *e)
{
    struct rows rows;
    int rc = rows_read_one(s, LIST_RUN, "run", w->run, &rows, e);
    if (rc == 0) {
        rows_clear(&w->rows);
        w->rows = rows;
        w->away = false;
        show(s, w);
        return 0;
    }
    rows_clear(&rows);
    if (rc != ERR_DB_AWAY && rc != ERR_TIMEOUT)
        return rc;
    if (!w->away) {
        progress_break(&w->progress);
        (void)fprintf(stderr, "%s; still waiting\n", e->text);
    }
    w->away = true;
    return 0;
}

static int watch_run(struct session *s, struct watch *w, struct err *e)
{
    progress_start(&w->progress);
    w->moved_ms = clk_mono_ms();
    loop_on_stop(s->loop, on_stop, &w->stopped);
    int rc = look(s, w, e);
    while (rc == 0 && !w->stopped && (w->rows.count == 0 || !ended(w))) {
        session_sleep(s, POLL_MS);
        rc = look(s, w, e);
    }
    loop_ignore_stop(s->loop);
    progress_break(&w->progress);
    return rc;
}

/* Why a run did not succeed: its own error, and those of its dead chunks. */
static void say_reasons(struct session *s, const struct watch *w)
{
    const json_t *run = w->rows.items[0];
    (void)fprintf(stderr, "metricx: run %s ended as %s", w->run, row_text(run, "status"));
    if (row_text(run, "error")[0])
        (void)fprintf(stderr, ": %s", row_text(run, "error"));
    (void)fputc('\n', stderr);
    struct rows chunks;
    int said = 0;
    if (rows_read(s, LIST_RUN_CHUNKS, w->run, &chunks, NULL) != 0)
        return;
    for (int i = 0; i < chunks.count && said < REASONS_MAX; i++) {
        const json_t *c = chunks.items[i];
        if (strcmp(row_text(c, "status"), "dead") != 0)
            continue;
        (void)fprintf(stderr, "  %s %s..%s: %s: %s\n", row_text(c, "kind"), row_text(c, "date_from"),
                      row_text(c, "date_to"), row_text(c, "error_code"), row_text(c, "error"));
        said++;
    }
    if (said > 0)
        (void)fprintf(stderr, "hint: metricx dead list shows them, metricx dead retry puts them back to work\n");
    rows_clear(&chunks);
}

static int wait_for_run(struct session *s, const char *id, bool json, struct err *e)
{
    struct watch w = {.run = id};
    int rc = watch_run(s, &w, e);
    if (rc == 0 && w.rows.count > 0 && ended(&w)) {
        if (json)
            (void)puts(w.rows.texts[0]);
        if (strcmp(row_text(w.rows.items[0], "status"), "succeeded") != 0) {
            say_reasons(s, &w);
            rc = EXIT_FAILED;
        }
    } else if (rc == 0) {
        (void)fprintf(stderr, "run %s goes on; end it with: metricx cancel %s\n", id, id);
        rc = EXIT_FAILED;
    }
    rows_clear(&w.rows);
    return rc;
}

int cmd_sync(struct session *s, const struct args *a, struct err *e)
{
    struct run_request r;
    struct run_answer run;
    bool json = args_option(a, "--json") != NULL, wait = args_option(a, "--wait") != NULL;
    bool forecast = args_option(a, "--forecast") != NULL;
    int rc = parse_request(a, &r, e);
    if (rc == 0)
        rc = session_need(s, forecast ? NEED_SCHEMA : NEED_SCHEMA | NEED_REDIS, e);
    if (rc == 0 && r.from != DATE_NONE && r.to == DATE_NONE)
        rc = default_to(s, &r, e);
    if (rc == 0 && forecast)
        return forecast_print(s, &r, json, e);
    if (rc == 0)
        rc = sync_request(s, &r, &run, e);
    if (rc < 0)
        return rc;
    if (!json)
        (void)puts(run.id);
    (void)fflush(stdout);
    if (wait)
        return wait_for_run(s, run.id, json, e);
    return json ? rows_show(s, LIST_RUN, "run", run.id, true, e) : 0;
}
