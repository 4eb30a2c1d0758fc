#include "common/provider/meta/meta_entities.h"
#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_money.h"
#include "common/provider/meta/meta_request.h"
#include <ctype.h>
#include <inttypes.h>

enum { DETAILS_MAX = 8, DETAILS_BYTES_MAX = 256 * 1024 };

#define COMMON_FIELDS "id,name,status,configured_status,effective_status,created_time,updated_time"
#define COMMON_STATUSES "\"ACTIVE\",\"PAUSED\",\"IN_PROCESS\",\"WITH_ISSUES\",\"ARCHIVED\""
#define AD_STATUSES                                                                                                    \
    COMMON_STATUSES ",\"CAMPAIGN_PAUSED\",\"ADSET_PAUSED\",\"PENDING_REVIEW\",\"DISAPPROVED\",\"PREAPPROVED\","        \
                    "\"PENDING_BILLING_INFO\""

static const struct listing {
    const char *edge, *level, *fields, *statuses; /* statuses: all but DELETED */
    const char *parent, *campaign;                /* keys of the ids above it; NULL: none */
    const char *details[DETAILS_MAX];             /* fields without a column of their own */
} listings[META_LISTING_COUNT] = {
    [META_CAMPAIGNS] = {.edge = "campaigns",
                        .level = "campaign",
                        .fields = COMMON_FIELDS ",objective,buying_type,bid_strategy,daily_budget,lifetime_budget,"
                                                "start_time,stop_time",
                        .statuses = COMMON_STATUSES,
                        .details = {"buying_type", "bid_strategy", "start_time", "stop_time"}},
    [META_ADSETS] = {.edge = "adsets",
                     .level = "adset",
                     .fields = COMMON_FIELDS ",campaign_id,daily_budget,lifetime_budget,bid_strategy,"
                                             "optimization_goal,billing_event,attribution_spec,destination_type,"
                                             "start_time,end_time",
                     .statuses = COMMON_STATUSES ",\"CAMPAIGN_PAUSED\"",
                     .parent = "campaign_id",
                     .campaign = "campaign_id",
                     .details = {"bid_strategy", "optimization_goal", "billing_event", "attribution_spec",
                                 "destination_type", "start_time", "end_time"}},
    [META_ADS] = {.edge = "ads",
                  .level = "ad",
                  .fields = COMMON_FIELDS ",campaign_id,adset_id",
                  .statuses = AD_STATUSES,
                  .parent = "adset_id",
                  .campaign = "campaign_id"},
    [META_LOOKUPS] = {.edge = NULL},
    [META_INSIGHTS] = {.edge = "insights", .level = "ad", .statuses = AD_STATUSES},
    [META_NUMBERS] = {.edge = "insights", .level = "ad", .statuses = AD_STATUSES},
    [META_ACTIONS] = {.edge = "insights", .level = "ad", .statuses = AD_STATUSES},
    [META_TOTALS] = {.edge = "insights"},
    [META_REPORT] = {.edge = "insights", .level = "ad", .statuses = AD_STATUSES},
    [META_REPORT_ROWS] = {.edge = "insights"},
    [META_CAMPAIGNS_SEEN] = {.edge = "insights", .statuses = AD_STATUSES},
    [META_BY_CAMPAIGN] = {.edge = "insights", .level = "ad", .statuses = AD_STATUSES},
};

const char *meta_listing_edge(enum meta_listing listing)
{
    return listings[listing].edge;
}

enum meta_listing meta_listing_of(const char *level)
{
    enum meta_listing listing = META_CAMPAIGNS;

    while (listing < META_ADS && strcmp(listings[listing].level, level) != 0)
        listing++;
    return listing;
}

static void objects_filter(struct buf *url, const struct listing *l, const char *deleted, int64_t since_s)
{
    struct buf value;

    buf_init(&value, 1024);
    buf_addf(&value, "[%s%s]", l->statuses, deleted);
    meta_url_param(url, "effective_status", buf_str(&value));
    buf_reset(&value);
    if (since_s != 0) {
        buf_addf(&value, "[{\"field\":\"%s.updated_time\",\"operator\":\"GREATER_THAN\",\"value\":%" PRId64 "}]",
                 l->level, since_s);
        meta_url_param(url, "filtering", buf_str(&value));
    }
    buf_free(&value);
}

static void insights_filter(struct buf *url, const char *statuses, const char *deleted, const char *campaign)
{
    struct buf value;

    if (statuses == NULL && campaign == NULL)
        return;
    buf_init(&value, 1024);
    buf_add_char(&value, '[');
    if (statuses != NULL)
        buf_addf(&value, "{\"field\":\"ad.effective_status\",\"operator\":\"IN\",\"value\":[%s%s]}", statuses, deleted);
    if (campaign != NULL)
        buf_addf(&value, "%s{\"field\":\"campaign.id\",\"operator\":\"IN\",\"value\":[\"%s\"]}",
                 statuses != NULL ? "," : "", campaign);
    buf_add_char(&value, ']');
    meta_url_param(url, "filtering", buf_str(&value));
    buf_free(&value);
}

void meta_listing_filter(struct buf *url, enum meta_listing listing, enum meta_step step, int64_t since_s,
                         const char *campaign)
{
    const struct listing *l = &listings[listing];
    const char *deleted = step == META_ALL_STATUSES ? ",\"DELETED\"" : "";
    const char *statuses = step == META_NO_FILTER ? NULL : l->statuses;

    if (listing > META_ADS)
        insights_filter(url, statuses, deleted, campaign);
    else if (statuses != NULL)
        objects_filter(url, l, deleted, since_s);
}

void meta_entities_params(struct buf *url, enum meta_listing listing)
{
    meta_url_param(url, "fields", listings[listing].fields);
}

static int read_budget(const json_t *row, const char *key, const char *currency, struct arena *a, const char **out,
                       struct err *e)
{
    struct decimal budget;
    int rc = meta_json_minor(row, key, a, out, e);

    if (rc != 0 || *out == NULL)
        return rc;
    if (!decimal_from_minor(*out, meta_money_digits(currency), &budget))
        return err_set(e, ERR_ANSWER, "%s is no amount", key);
    *out = meta_decimal(&budget, a);
    return 0;
}

/* 2026-03-21T22:33:56-0700, and a colon in the offset does no harm. */
static bool is_time(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddsdddd";
    char day[DATE_TEXT], digits[sizeof shape];
    date_t date;
    size_t len = strlen(text);

    if (len == sizeof shape && text[22] == ':')
        (void)snprintf(digits, sizeof digits, "%.22s%s", text, text + 23);
    else if (len == sizeof shape - 1)
        memcpy(digits, text, len + 1);
    else
        return false;
    for (size_t i = 0; shape[i] != '\0'; i++) {
        if (shape[i] == 'd' ? !isdigit((unsigned char)digits[i])
                            : shape[i] != digits[i] && !(shape[i] == 's' && (digits[i] == '+' || digits[i] == '-')))
            return false;
    }
    (void)snprintf(day, sizeof day, "%.10s", digits);
    return date_parse(day, &date) && strncmp(digits + 11, "24", 2) < 0 && strncmp(digits + 14, "60", 2) < 0 &&
           strncmp(digits + 17, "60", 2) < 0 && strncmp(digits + 20, "15", 2) < 0 && strncmp(digits + 22, "60", 2) < 0;
}

/* What is no time is taken as unknown: Meta writes year 0 for "never". */
static int read_time(const json_t *row, const char *key, struct arena *a, const char **out, struct err *e)
{
    int rc = meta_json_text(row, key, a, out, e);

    if (rc == 0 && *out != NULL && !is_time(*out))
        *out = NULL;
    return rc;
}

static int read_details(const struct listing *l, const json_t *row, struct arena *a, const char **out, struct err *e)
{
    struct buf text;

    buf_init(&text, DETAILS_BYTES_MAX);
    for (int i = 0; i < DETAILS_MAX && l->details[i] != NULL; i++) {
        const json_t *value = json_object_get(row, l->details[i]);

        if (value == NULL || json_is_null(value))
            continue;
        buf_addf(&text, "%c\"%s\":", text.len == 0 ? '{' : ',', l->details[i]);
        meta_json_add(&text, value);
    }
    buf_add_str(&text, text.len == 0 ? "{}" : "}");
    *out = text.overflow ? NULL : arena_strn(a, text.data, text.len);
    buf_free(&text);
    return *out != NULL ? 0 : err_set(e, ERR_LIMIT, "the details need more than %d bytes", DETAILS_BYTES_MAX);
}

static int read_names(const struct listing *l, const json_t *row, struct arena *a, struct entity_row *r, struct err *e)
{
    int rc = meta_json_id(row, "id", a, &r->external_id, e);

    if (rc == 0 && l->parent != NULL)
        rc = meta_json_word(row, l->parent, a, &r->parent_external_id, e);
    if (rc == 0 && l->campaign != NULL)
        rc = meta_json_word(row, l->campaign, a, &r->campaign_external_id, e);
    if (rc == 0)
        rc = meta_json_text(row, "name", a, &r->name, e);
    r->name = r->name != NULL ? r->name : "";
    return rc;
}

static int read_states(const json_t *row, struct arena *a, struct entity_row *r, struct err *e)
{
    int rc = meta_json_text(row, "effective_status", a, &r->status, e);

    if (rc == 0)
        rc = meta_json_text(row, "configured_status", a, &r->configured_status, e);
    if (rc == 0 && r->configured_status == NULL)
        rc = meta_json_text(row, "status", a, &r->configured_status, e);
    if (rc == 0)
        rc = meta_json_text(row, "objective", a, &r->objective, e);
    if (rc == 0)
        rc = read_time(row, "created_time", a, &r->created_at, e);
    if (rc == 0)
        rc = read_time(row, "updated_time", a, &r->updated_at, e);
    return rc;
}

static int read_row(const struct slice *s, const struct listing *l, const json_t *row, struct arena *a,
                    struct entity_row *r, struct err *e)
{
    int rc = read_names(l, row, a, r, e);

    r->level = l->level;
    if (rc == 0)
        rc = read_states(row, a, r, e);
    if (rc == 0)
        rc = read_budget(row, "daily_budget", s->currency, a, &r->daily_budget, e);
    if (rc == 0)
        rc = read_budget(row, "lifetime_budget", s->currency, a, &r->lifetime_budget, e);
    if (rc == 0)
        rc = read_details(l, row, a, &r->details, e);
    if (rc == 0 && a->overflow)
        rc = err_set(e, ERR_LIMIT, "a page needs too much memory");
    return rc;
}

int meta_entities_read(const struct slice *s, enum meta_listing listing, const json_t *data, struct page *p,
                       struct err *e)
{
    const struct listing *l = &listings[listing];
    const json_t *row;
    size_t i;

    p->entities = arena_alloc(&p->arena, json_array_size(data) * sizeof *p->entities);
    if (p->entities == NULL)
        return err_set(e, ERR_LIMIT, "a page needs too much memory");
    json_array_foreach(data, i, row)
    {
        struct entity_row *r = &p->entities[p->entity_count];
        int rc = read_row(s, l, row, &p->arena, r, e);

        if (rc != 0) {
            (void)err_wrap(e, "%s %s", l->level, r->external_id != NULL ? r->external_id : "without id");
            return rc;
        }
        p->entity_count++;
    }
    return 0;
}
