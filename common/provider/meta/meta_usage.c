#include "common/provider/meta/meta_usage.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_json.h"

enum { HEADER_BYTES_MAX = 16 * 1024, PERCENT_MAX = 1000 };
#define SECOND_MS 1000.0
#define MINUTE_MS (60 * SECOND_MS)
#define DAY_MS (24 * 60 * MINUTE_MS)
/* Meta's windows and penalties last from minutes to hours: what is said to last longer than a week is in another unit
 * or nonsense, and would leave the account unasked for ever. When the week is over one call hears how it stands. The
 * budget believes none for longer either. */
#define BLOCK_MAX_MS (7 * DAY_MS)

/* Percentages and times are hints, and some are fractions: here a double does no harm. */
static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : 0;
}

static void note_percent(const json_t *object, const char *key, struct quota *q)
{
    const double percent = number(object, key);

    if (!json_is_number(json_object_get(object, key)))
        return;
    if (percent >= PERCENT_MAX)
        q->used_percent = PERCENT_MAX;
    else if (percent > q->used_percent)
        q->used_percent = (int)percent + (percent > (int)percent);
}

static void note_block(double ms, struct quota *q)
{
    if (ms > BLOCK_MAX_MS)
        ms = BLOCK_MAX_MS;
    if (ms > (double)q->blocked_ms)
        q->blocked_ms = (int64_t)ms;
}

static void read_measures(const json_t *root, struct quota *q)
{
    note_percent(root, "call_count", q);
    note_percent(root, "total_time", q);
    note_percent(root, "total_cputime", q);
}

static void read_app(const json_t *root, struct verdict *v)
{
    read_measures(root, &v->app);
}

static void read_insights_throttle(const json_t *root, struct verdict *v)
{
    note_percent(root, "app_id_util_pct", &v->app);
    note_percent(root, "acc_id_util_pct", &v->account);
}

static void read_account(const json_t *root, struct verdict *v)
{
    note_percent(root, "acc_id_util_pct", &v->account);
    if (number(root, "acc_id_util_pct") >= 100)
        note_block(number(root, "reset_time_duration") * SECOND_MS, &v->account);
}

static void read_use_cases(const json_t *list, struct quota *account)
{
    size_t i;
    const json_t *use;

    json_array_foreach(list, i, use)
    {
        read_measures(use, account);
        note_block(number(use, "estimated_time_to_regain_access") * MINUTE_MS, account);
    }
}

static void read_business(json_t *root, const char *account, struct verdict *v)
{
    const json_t *own = NULL;
    const char *key;
    json_t *list;

    if (account != NULL)
        own = json_object_get(root, str_starts(account, "act_") ? account + 4 : account);
    if (own != NULL) {
        read_use_cases(own, &v->account);
        return;
    }
    json_object_foreach(root, key, list) read_use_cases(list, &v->account);
}

static json_t *header(const struct http_answer *a, const char *name, char text[HEADER_BYTES_MAX])
{
    return http_answer_header(a, name, text, HEADER_BYTES_MAX) != NULL ? meta_json_parse(text, strlen(text), NULL)
                                                                       : NULL;
}

void meta_usage_read(const struct http_answer *a, const char *account, struct verdict *v)
{
    static const struct {
        const char *name;
        void (*read)(const json_t *root, struct verdict *v);
    } headers[] = {
        {"X-App-Usage", read_app},
        {"X-Ad-Account-Usage", read_account},
        {"X-FB-Ads-Insights-Throttle", read_insights_throttle},
    };
    char text[HEADER_BYTES_MAX];
    json_t *root;

    v->account = v->app = QUOTA_UNSAID;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        root = header(a, headers[i].name, text);
        headers[i].read(root, v);
        json_decref(root);
    }
    root = header(a, "X-Business-Use-Case-Usage", text);
    read_business(root, account, v);
    json_decref(root);
}
