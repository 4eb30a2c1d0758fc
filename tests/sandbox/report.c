#include "tests/sandbox/report.h"
#include "common/base/check.h"
#include "tests/sandbox/known_fields.h"
#include "tests/sandbox/text.h"

struct report_field {
    const char *name;
    void (*write)(struct buf *b, const char *name, const struct report *p);
};

const char *report_status_text(enum report_status s)
{
    static const char *const texts[] = {"Job Not Started", "Job Started", "Job Running", "Job Completed",
                                        "Job Failed",      "Job Skipped", "vanished"};
    return texts[s];
}

static void put_text(struct buf *b, const char *name, const char *value)
{
    text_comma(b);
    text_pair(b, name, value);
}

static void put_number(struct buf *b, const char *name, int64_t value)
{
    text_comma(b);
    buf_addf(b, "\"%s\":%lld", name, (long long)value);
}

static void write_id(struct buf *b, const char *name, const struct report *p)
{
    put_text(b, name, p->id);
}

static void write_account(struct buf *b, const char *name, const struct report *p)
{
    text_comma(b);
    buf_addf(b, "\"%s\":\"%d\"", name, p->node.account->number);
}

static void write_time_ref(struct buf *b, const char *name, const struct report *p)
{
    put_number(b, name, p->created_ms / 1000);
}

static void write_time_completed(struct buf *b, const char *name, const struct report *p)
{
    if (p->status == REPORT_JOB_COMPLETED)
        put_number(b, name, p->completed_ms / 1000);
}

static void write_status(struct buf *b, const char *name, const struct report *p)
{
    put_text(b, name, report_status_text(p->status));
}

static void write_percent(struct buf *b, const char *name, const struct report *p)
{
    put_number(b, name, p->percent);
}

/* A trap: true beside "Job Completed" too, and absent instead of false. */
static void write_running(struct buf *b, const char *name, const struct report *p)
{
    if (p->status < REPORT_JOB_STARTED || p->status > REPORT_JOB_COMPLETED)
        return;
    text_comma(b);
    buf_addf(b, "\"%s\":true", name);
}

static void write_start(struct buf *b, const char *name, const struct report *p)
{
    char day[DATE_TEXT];
    put_text(b, name, date_text(p->days.from, day));
}

static void write_stop(struct buf *b, const char *name, const struct report *p)
{
    char day[DATE_TEXT];
    put_text(b, name, date_text(p->days.to, day));
}

static void write_error_code(struct buf *b, const char *name, const struct report *p)
{
    if (p->status == REPORT_JOB_FAILED)
        put_number(b, name, p->plan.error_code);
}

static void write_error_subcode(struct buf *b, const char *name, const struct report *p)
{
    if (p->status == REPORT_JOB_FAILED)
        put_number(b, name, p->plan.error_subcode);
}

static void write_error_text(struct buf *b, const char *name, const struct report *p)
{
    if (p->status == REPORT_JOB_FAILED)
        put_text(b, name, p->plan.error_message);
}

static void write_error_title(struct buf *b, const char *name, const struct report *p)
{
    if (p->status == REPORT_JOB_FAILED)
        put_text(b, name, "Ads Report Failed");
}

static const struct report_field table[] = {
    {"id", write_id},
    {"account_id", write_account},
    {"time_ref", write_time_ref},
    {"time_completed", write_time_completed},
    {"async_status", write_status},
    {"async_percent_completion", write_percent},
    {"is_running", write_running},
    {"date_start", write_start},
    {"date_stop", write_stop},
    {"error_code", write_error_code},
    {"error_subcode", write_error_subcode},
    {"error_message", write_error_text},
    {"error_user_title", write_error_title},
    {"error_user_msg", write_error_text},
};
#define FIELDS ((int)(sizeof table / sizeof *table))

static const struct report_field *find(const char *name)
{
    for (int i = 0; i < FIELDS; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const struct report_fields *report_select(struct request *r)
{
    const char *names[REPORT_FIELDS_MAX];
    struct report_fields *out = arena_alloc(&r->arena, sizeof *out);
    int count = params_list(&r->params, "fields", &r->arena, names, REPORT_FIELDS_MAX - 1);
    CHECK(out != NULL);
    if (count < 0) {
        request_error(r, 400, 2500, 0, "Syntax error \"Expected end of string\" in fields");
        return NULL;
    }
    for (int i = 0; count == 0 && i < FIELDS; i++)
        out->list[out->count++] = &table[i];
    bool with_id = count == 0;
    for (int i = 0; i < count; i++) {
        const struct report_field *field = find(names[i]);
        if (field == NULL && !known_field(KNOWN_REPORT, names[i])) {
            request_error(r, 400, 100, 0, "(#100) Tried accessing nonexisting field (%s) on node type (AdReportRun)",
                          names[i]);
            return NULL;
        }
        with_id = with_id || strcmp(names[i], "id") == 0;
        if (field != NULL)
            out->list[out->count++] = field;
    }
    if (!with_id)
        out->list[out->count++] = find("id");
    return out;
}

void report_write(struct buf *b, const struct report *p, const struct report_fields *fields)
{
    buf_add_char(b, '{');
    for (int i = 0; i < fields->count; i++)
        fields->list[i]->write(b, fields->list[i]->name, p);
    buf_add_char(b, '}');
}
