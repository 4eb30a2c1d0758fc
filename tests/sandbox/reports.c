#include "tests/sandbox/reports.h"
#include "common/base/check.h"
#include "tests/sandbox/paging.h"
#include "tests/sandbox/report.h"
#include "tests/sandbox/text.h"

#define PARAM_BYTES_MAX ((size_t)4 << 20)
#define KEPT_MS (30 * INT64_C(86400000))
#define FIRST_ID INT64_C(6023920149050)

const struct report_plan report_plan_usual = {
    .polls = 4,
    .error_code = 100,
    .error_subcode = 1487534,
    .error_message = "Please reduce the amount of data you're asking for, then retry your request",
    .count = -1};

bool report_outcome_find(const char *name, enum report_outcome *out)
{
    static const char *const names[REPORT_OUTCOMES] = {
#define X(name, text) text,
        REPORT_OUTCOMES_TABLE(X)
#undef X
    };
    for (int i = 0; i < REPORT_OUTCOMES; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum report_outcome)i;
            return true;
        }
    return false;
}

static void report_free(struct report *p)
{
    insight_rows_free(&p->rows);
    arena_free(&p->arena);
    free(p);
}

struct reports *reports_new(void)
{
    struct reports *all = calloc(1, sizeof *all);
    CHECK(all != NULL);
    return all;
}

void reports_free(struct reports *all)
{
    if (all == NULL)
        return;
    for (int i = 0; i < all->count; i++)
        report_free(all->list[i]);
    free(all->list);
    free(all);
}

struct report *reports_find(const struct reports *all, const char *id)
{
    for (int i = all->count - 1; i >= 0; i--)
        if (strcmp(all->list[i]->id, id) == 0)
            return all->list[i];
    return NULL;
}

struct account *report_account(const struct report *p)
{
    return p->node.account;
}

void reports_write(struct buf *b, const struct reports *all)
{
    buf_add_char(b, '[');
    for (int i = 0; i < all->count; i++) {
        const struct report *p = all->list[i];
        text_comma(b);
        buf_addf(b, "{\"id\":\"%s\",\"account\":\"act_%d\",\"status\":\"%s\",\"percent\":%d,", p->id,
                 p->node.account->number, report_status_text(p->status), p->percent);
        buf_addf(b, "\"polls\":%lld,\"pages\":%lld,\"rows\":", (long long)p->polls, (long long)p->pages);
        if (p->status == REPORT_JOB_COMPLETED)
            text_int(b, p->rows.count);
        else
            TEXT_LITERAL(b, "null");
        buf_add_char(b, '}');
    }
    buf_add_char(b, ']');
}

/* The question as it was asked, to be asked again when the run is done. */
static void keep_question(struct report *p, const struct request *r)
{
    arena_init(&p->arena, PARAM_BYTES_MAX);
    p->node = r->node;
    for (int i = 0; i < r->params.count; i++) {
        const char *name = r->params.items[i].name;
        if (strcmp(name, "access_token") == 0 || strcmp(name, "appsecret_proof") == 0)
            continue;
        p->params.items[p->params.count].name = arena_str(&p->arena, name);
        p->params.items[p->params.count++].value = arena_str(&p->arena, r->params.items[i].value);
    }
    CHECK(!p->arena.overflow);
}

static struct report *add(struct reports *all)
{
    struct report *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    if (all->count == all->room) {
        all->room = all->room == 0 ? 16 : all->room * 2;
        all->list = realloc(all->list, (size_t)all->room * sizeof(struct report *));
        CHECK(all->list != NULL);
    }
    (void)snprintf(p->id, sizeof p->id, "%lld", (long long)(FIRST_ID + all->made++ * 7919));
    all->list[all->count++] = p;
    return p;
}

bool reports_order(struct reports *all, const struct report_plan *plan, bool behind)
{
    if (!behind)
        all->plan_count = 0;
    if (all->plan_count == REPORT_PLANS_MAX)
        return false;
    all->plans[all->plan_count++] = *plan;
    return true;
}

static struct report_plan next_plan(struct reports *all)
{
    struct report_plan plan = all->plan_count > 0 ? all->plans[0] : report_plan_usual;
    if (all->plan_count == 0 || all->plans[0].count < 0 || --all->plans[0].count > 0)
        return plan;
    memmove(all->plans, all->plans + 1, (size_t)--all->plan_count * sizeof *all->plans);
    return plan;
}

void reports_create(struct request *r)
{
    struct reports *all = r->sandbox->reports;
    struct range days;
    if (!insights_check(r, &days))
        return;
    struct report *p = add(all);
    keep_question(p, r);
    buf_init(&p->rows.text, BODY_BYTES_MAX);
    p->days = days;
    p->created_ms = r->now_ms;
    p->created_real_ms = r->real_ms;
    p->plan = next_plan(all);
    buf_addf(&r->body, "{\"report_run_id\":\"%s\"}", p->id);
}

/* Makes the rows as a sync call would give them now; a question that is no longer allowed fails the run. */
static void complete(struct report *p, const struct request *r)
{
    struct request job = {.sandbox = r->sandbox,
                          .x = r->x,
                          .params = p->params,
                          .node = p->node,
                          .now_ms = r->now_ms,
                          .real_ms = r->real_ms,
                          .kind = CALL_INSIGHTS,
                          .status = 200};
    arena_init(&job.arena, PARAM_BYTES_MAX);
    buf_init(&job.body, BODY_BYTES_MAX);
    bool done = p->plan.outcome == REPORT_EMPTY || insights_all(&job, &p->rows);
    p->status = done ? REPORT_JOB_COMPLETED : REPORT_JOB_FAILED;
    p->completed_ms = r->now_ms;
    buf_free(&job.body);
    arena_free(&job.arena);
}

/* What part of the way is gone, in thousandths: the slower of polls and time. */
static int64_t progress(const struct report *p, int64_t real_ms)
{
    int64_t passed_ms = real_ms - p->created_real_ms;
    int64_t by_polls = p->polls >= p->plan.polls ? 1000 : p->polls * 1000 / p->plan.polls;
    int64_t by_time = passed_ms >= p->plan.ms ? 1000 : passed_ms * 1000 / p->plan.ms;
    return by_polls < by_time ? by_polls : by_time;
}

/* A quarter of the way not started, a quarter started, then running from 0 to 100 %. */
static void run_on(struct report *p, int64_t gone)
{
    p->status = gone < 250 ? REPORT_JOB_NOT_STARTED : gone < 500 ? REPORT_JOB_STARTED : REPORT_JOB_RUNNING;
    p->percent = gone < 500 ? 0 : (int)(gone - 500) / 5;
}

static void end_early(struct report *p)
{
    p->percent = p->plan.percent;
    if (p->plan.outcome == REPORT_FAILED)
        p->status = REPORT_JOB_FAILED;
    else if (p->plan.outcome == REPORT_SKIPPED)
        p->status = REPORT_JOB_SKIPPED;
    else if (p->plan.outcome == REPORT_VANISHED)
        p->status = REPORT_JOB_VANISHED;
    else
        p->status = p->percent == 0 ? REPORT_JOB_STARTED : REPORT_JOB_RUNNING;
}

/* Brings the run to where it is at the time of this call. */
static void look(struct report *p, const struct request *r)
{
    int64_t gone = progress(p, r->real_ms);
    bool completes = p->plan.outcome <= REPORT_GONE;
    if (p->status != REPORT_JOB_VANISHED && r->now_ms - p->created_ms > KEPT_MS)
        p->status = REPORT_JOB_SKIPPED;
    else if (p->status >= REPORT_JOB_COMPLETED)
        return;
    else if (!completes && gone >= 500 + 5 * p->plan.percent)
        end_early(p);
    else {
        run_on(p, gone);
        if (completes && gone == 1000 && p->held >= p->plan.hold)
            complete(p, r);
    }
}

/* False when the answer is that it is not there, as its plan has ordered. */
static bool is_there(const struct report *p, struct request *r)
{
    if (p->status != REPORT_JOB_VANISHED && r->real_ms - p->created_real_ms >= p->plan.unseen_ms)
        return true;
    r->sandbox->faults.struck++;
    request_not_found(r);
    return false;
}

void report_node(struct request *r)
{
    struct report *p = r->report;
    const struct report_fields *fields = report_select(r);
    r->sandbox->reports->polls++;
    if (fields == NULL)
        return;
    look(p, r);
    if (!is_there(p, r))
        return;
    report_write(&r->body, p, fields);
    p->held += p->status == REPORT_JOB_RUNNING && p->percent == 100;
    p->polls++;
}

void report_rows(struct request *r)
{
    struct report *p = r->report;
    struct page page;
    r->sandbox->reports->pages++;
    p->pages++;
    look(p, r);
    if (!is_there(p, r))
        return;
    if (p->status != REPORT_JOB_COMPLETED) {
        request_error(r, 400, 2601, 1815107, "Error accessing adreport job.");
        request_error_told(r, "Loading Async Ads Report Failed",
                           "Sorry, the report cannot be loaded successfully. Please check if your job status is "
                           "completed instead of failed or running before fetching the data.");
        return;
    }
    if (!page_read(r, &page))
        return;
    int count = p->rows.count, from = page.position < count ? (int)page.position : count,
        to = page.limit < count - from ? from + page.limit : count;
    TEXT_LITERAL(&r->body, "{\"data\":[");
    insight_rows_write(&r->body, &p->rows, from, to);
    buf_add_char(&r->body, ']');
    page_write(r, &page, to - from, to, to < count);
    buf_add_char(&r->body, '}');
    if (p->plan.outcome == REPORT_GONE)
        p->status = REPORT_JOB_VANISHED;
}

void report_delete(struct request *r)
{
    struct reports *all = r->sandbox->reports;
    int at = 0;
    if (!is_there(r->report, r))
        return;
    while (all->list[at] != r->report)
        at++;
    all->count--;
    memmove(&all->list[at], &all->list[at + 1], (size_t)(all->count - at) * sizeof(struct report *));
    report_free(r->report);
    r->report = NULL;
    buf_add_str(&r->body, "{\"success\":true}");
}
