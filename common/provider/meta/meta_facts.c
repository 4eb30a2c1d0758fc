#include "common/provider/meta/meta_facts.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_actions.h"
#include "common/provider/meta/meta_days.h"
#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_request.h"

#define HOURLY "hourly_stats_aggregated_by_advertiser_time_zone"

enum { ACTIONS_BYTES_MAX = 1 << 20 };

/* What one row after the other is written to before it is copied into the page. */
struct scratch {
    struct buf counts, values;
};

#define IDS "campaign_id,adset_id,ad_id"
#define NUMBERS ",impressions,clicks,spend"
#define NUMBERS_OF_DAYS NUMBERS ",reach,attribution_setting"
#define ACTIONS ",actions,action_values"

static const char *fields_of(const struct slice *s, enum meta_listing listing)
{
    if (s->hourly)
        return IDS NUMBERS;
    if (listing == META_NUMBERS)
        return IDS NUMBERS_OF_DAYS;
    return listing == META_ACTIONS ? IDS ACTIONS : IDS NUMBERS_OF_DAYS ACTIONS;
}

void meta_facts_params(struct buf *url, const struct slice *s, enum meta_listing listing)
{
    meta_days_params(url, "ad", s);
    meta_url_param(url, "fields", fields_of(s, listing));
    if (s->hourly)
        meta_url_param(url, "breakdowns", "[\"" HOURLY "\"]");
}

/* "07:00:00 - 07:59:59". Meta leaves it out of rows without impressions: then -1. */
static int read_hour(const json_t *row, struct fact_row *f, struct err *e)
{
    const json_t *value = json_object_get(row, HOURLY);
    const char *text = json_string_value(value);
    char hour[3] = "";
    int64_t number;

    f->hour = -1;
    if (value == NULL)
        return 0;
    if (text != NULL)
        (void)str_copy(hour, sizeof hour, text);
    if (text == NULL || !str_to_i64(hour, 0, 23, &number) || text[2] != ':')
        return err_set(e, ERR_ANSWER, HOURLY " is no hour");
    f->hour = (int)number;
    return 0;
}

static int read_counts(const json_t *row, struct arena *a, struct fact_row *f, struct err *e)
{
    int rc = meta_json_money(row, "spend", a, &f->spend, e);

    if (rc == 0)
        rc = meta_json_count(row, "impressions", a, &f->impressions, e);
    if (rc == 0)
        rc = meta_json_count(row, "clicks", a, &f->clicks, e);
    if (rc == 0)
        rc = meta_json_count(row, "reach", a, &f->reach, e);
    if (rc == 0)
        rc = meta_json_text(row, "attribution_setting", a, &f->attribution_setting, e);
    f->impressions = f->impressions != NULL ? f->impressions : "0";
    f->clicks = f->clicks != NULL ? f->clicks : "0";
    return rc;
}

static int read_actions(const json_t *row, struct scratch *scratch, struct arena *a, struct fact_row *f, struct err *e)
{
    struct meta_measures m;
    int rc;

    buf_reset(&scratch->counts);
    buf_reset(&scratch->values);
    rc = meta_actions_read(json_object_get(row, "actions"), json_object_get(row, "action_values"), &m, &scratch->counts,
                           &scratch->values, e);
    if (rc != 0)
        return rc;
    if (scratch->counts.overflow || scratch->values.overflow)
        return err_set(e, ERR_LIMIT, "the actions of one row need more than %d bytes", ACTIONS_BYTES_MAX);
    f->link_clicks = meta_decimal(&m.link_clicks, a);
    f->conversions = meta_decimal(&m.conversions, a);
    f->revenue = meta_decimal(&m.revenue, a);
    f->leads = meta_decimal(&m.leads, a);
    f->installs = meta_decimal(&m.installs, a);
    f->purchases = meta_decimal(&m.purchases, a);
    f->registrations = meta_decimal(&m.registrations, a);
    f->visitors = meta_decimal(&m.visitors, a);
    f->actions = arena_strn(a, scratch->counts.data, scratch->counts.len);
    f->action_values = arena_strn(a, scratch->values.data, scratch->values.len);
    return 0;
}

static int read_row(const struct slice *s, const json_t *row, struct scratch *scratch, struct arena *a,
                    struct fact_row *f, struct err *e)
{
    int rc = meta_json_id(row, "ad_id", a, &f->ad_id, e);

    f->hour = -1;
    if (rc == 0)
        rc = meta_json_word(row, "campaign_id", a, &f->campaign_id, e);
    if (rc == 0)
        rc = meta_json_word(row, "adset_id", a, &f->adset_id, e);
    if (rc == 0)
        rc = meta_day_read(s, row, &f->day, e);
    if (rc == 0 && s->hourly)
        rc = read_hour(row, f, e);
    if (rc == 0)
        rc = read_counts(row, a, f, e);
    if (rc == 0)
        rc = read_actions(row, scratch, a, f, e);
    return rc;
}

/* Not a row of ours: the hour was left out because nothing happened. */
static bool is_hourless_zero(const struct slice *s, const struct fact_row *f)
{
    return s->hourly && f->hour < 0 && strcmp(f->spend, "0") == 0 && strcmp(f->impressions, "0") == 0 &&
           strcmp(f->clicks, "0") == 0;
}

int meta_facts_read(const struct slice *s, enum meta_listing listing, const json_t *data, struct page *p, struct err *e)
{
    struct scratch scratch;
    const json_t *row;
    size_t i;
    int rc = 0;

    p->facts = arena_alloc(&p->arena, json_array_size(data) * sizeof *p->facts);
    if (p->facts == NULL)
        return err_set(e, ERR_LIMIT, "a page needs too much memory");
    buf_init(&scratch.counts, ACTIONS_BYTES_MAX);
    buf_init(&scratch.values, ACTIONS_BYTES_MAX);
    json_array_foreach(data, i, row)
    {
        struct fact_row *f = &p->facts[p->fact_count];

        rc = read_row(s, row, &scratch, &p->arena, f, e);
        if (rc == 0 && p->arena.overflow)
            rc = err_set(e, ERR_LIMIT, "a page needs too much memory");
        if (rc != 0) {
            (void)err_wrap(e, "insights row %zu, ad %s", i, f->ad_id != NULL ? f->ad_id : "without id");
            break;
        }
        f->actions_only = listing == META_ACTIONS;
        if (is_hourless_zero(s, f))
            memset(f, 0, sizeof *f);
        else
            p->fact_count++;
    }
    buf_free(&scratch.counts);
    buf_free(&scratch.values);
    return rc;
}
