#include "common/provider/meta/meta_reports.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_entities.h"
#include "common/provider/meta/meta_facts.h"
#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_request.h"
#include "common/provider/meta/meta_verdict.h"

enum { ID_DIGITS_MAX = 31, NOT_LOADABLE = 2601 };

int meta_report_request(const struct provider_config *c, const struct slice *s, const struct meta_cursor *at,
                        const struct secret *token, struct http_request *out, struct err *e)
{
    struct buf url;
    int rc;

    if (s->report != NULL) {
        meta_url_start(&url, c, s->report, NULL);
        meta_url_param(&url, "fields", "async_status,async_percent_completion,error_code,error_subcode,error_message");
        return meta_url_finish(&url, c, token, out, e);
    }
    meta_url_start(&url, c, s->account, meta_listing_edge(at->listing));
    meta_facts_params(&url, s, at->listing, at->few_fields);
    meta_listing_filter(&url, at->listing, at->step, 0, NULL);
    rc = meta_url_finish(&url, c, token, out, e);
    if (rc == 0)
        out->method = "POST";
    return rc;
}

int meta_report_made(const json_t *root, struct page *p, struct err *e)
{
    int rc = meta_json_id(root, "report_run_id", &p->arena, &p->report, e);
    const size_t len = rc == 0 ? strlen(p->report) : 0;

    if (rc != 0)
        return rc;
    if (len > ID_DIGITS_MAX || strspn(p->report, "0123456789") != len)
        return err_set(e, ERR_ANSWER, "report_run_id is no number");
    p->report_word = REPORT_MADE;
    return 0;
}

/* A question that is too much as a report too is no matter of this report; else it may be made again. */
static void read_failure(const json_t *root, struct page *p, struct verdict *v)
{
    json_t *error = json_object();
    const struct quota account = v->account, app = v->app;

    (void)json_object_set(error, "code", json_object_get(root, "error_code"));
    (void)json_object_set(error, "error_subcode", json_object_get(root, "error_subcode"));
    (void)json_object_set(error, "message", json_object_get(root, "error_message"));
    meta_verdict_error(error, v);
    json_decref(error);
    v->account = account;
    v->app = app;
    if (v->rc == ERR_TOO_MUCH_DATA)
        return;
    v->rc = 0;
    p->report_word = REPORT_LOST;
}

static int read_state(const json_t *root, struct page *p, struct verdict *v, struct err *e)
{
    const char *status = json_string_value(json_object_get(root, "async_status")), *percent;
    int64_t number = 0;
    int rc = meta_json_count(root, "async_percent_completion", &p->arena, &percent, e);

    if (rc != 0)
        return rc;
    if (status == NULL || (percent != NULL && !str_to_i64(percent, 0, 100, &number)))
        return err_set(e, ERR_ANSWER, "a report without a status, or with a percentage that is none");
    p->report_percent = (int)number;
    p->report_word = REPORT_PENDING;
    if (strcmp(status, "Job Completed") == 0 && number == 100) {
        p->report_word = REPORT_READY;
    } else if (strcmp(status, "Job Failed") == 0) {
        read_failure(root, p, v);
    } else if (strcmp(status, "Job Skipped") == 0) {
        p->report_word = REPORT_LOST;
        (void)str_copy(v->text, sizeof v->text, "the report was skipped");
    }
    return 0;
}

int meta_report_look(const json_t *root, struct page *p, struct verdict *v, struct err *e)
{
    if (root != NULL)
        return read_state(root, p, v, e);
    if (v->code == NOT_LOADABLE)
        p->report_word = REPORT_PENDING;
    else if (v->code == 100 && v->subcode == 33)
        p->report_word = REPORT_UNSEEN;
    else if (v->rc == ERR_BAD_REQUEST)
        v->rc = ERR_TRANSIENT; /* of a report that was accepted error 100 comes and goes */
    if (p->report_word != REPORT_SAYS_NOTHING)
        v->rc = 0;
    return 0;
}
