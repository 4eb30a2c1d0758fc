#include "tests/sandbox/insight_fields.h"
#include "tests/sandbox/known_fields.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/times.h"

struct insight_field {
    const char *name;
    bool actions;
    void (*write)(struct buf *b, const struct insight_row *row);
};

#define OPEN_TEXT(b, name) TEXT_LITERAL(b, ",\"" name "\":\"")

/* A row starts with its days, so every field comes after a comma. */
static void put_id(struct buf *b, const struct insight_row *row, enum level level)
{
    char id[ID_TEXT];
    if (row->level < level)
        return;
    const struct entity *x = &row->account->entities[row->level][row->index];
    buf_add(b, entity_id(row->account, level, x->parent[level], id), 16);
    buf_add_char(b, '"');
}

#define ID_FIELD(function, level_, name)                                                                               \
    static void function(struct buf *b, const struct insight_row *row)                                                 \
    {                                                                                                                  \
        if (row->level >= (level_)) {                                                                                  \
            OPEN_TEXT(b, name);                                                                                        \
            put_id(b, row, (level_));                                                                                  \
        }                                                                                                              \
    }
ID_FIELD(write_campaign_id, LEVEL_CAMPAIGN, "campaign_id")
ID_FIELD(write_adset_id, LEVEL_ADSET, "adset_id")
ID_FIELD(write_ad_id, LEVEL_AD, "ad_id")

static void put_name(struct buf *b, const struct insight_row *row, enum level level, const char *key)
{
    if (row->level < level)
        return;
    const struct entity *x = &row->account->entities[row->level][row->index];
    buf_add_char(b, ',');
    text_pair(b, key, entity_name(row->account, level, x->parent[level]));
}

static void write_campaign_name(struct buf *b, const struct insight_row *row)
{
    put_name(b, row, LEVEL_CAMPAIGN, "campaign_name");
}

static void write_adset_name(struct buf *b, const struct insight_row *row)
{
    put_name(b, row, LEVEL_ADSET, "adset_name");
}

static void write_ad_name(struct buf *b, const struct insight_row *row)
{
    put_name(b, row, LEVEL_AD, "ad_name");
}

static void write_account_id(struct buf *b, const struct insight_row *row)
{
    OPEN_TEXT(b, "account_id");
    text_int(b, row->account->number);
    buf_add_char(b, '"');
}

static void write_account_name(struct buf *b, const struct insight_row *row)
{
    buf_add_char(b, ',');
    text_pair(b, "account_name", row->account->name);
}

static void write_account_currency(struct buf *b, const struct insight_row *row)
{
    buf_add_char(b, ',');
    text_pair(b, "account_currency", row->account->currency);
}

static int64_t reach_of(const struct insight_row *row)
{
    return row->no_unique ? 0 : row->fact.reach;
}

/* A count that is left out when it is zero. */
#define COUNT_FIELD(function, name, value)                                                                             \
    static void function(struct buf *b, const struct insight_row *row)                                                 \
    {                                                                                                                  \
        if ((value) != 0) {                                                                                            \
            OPEN_TEXT(b, name);                                                                                        \
            text_int(b, (value));                                                                                      \
            buf_add_char(b, '"');                                                                                      \
        }                                                                                                              \
    }
COUNT_FIELD(write_clicks, "clicks", row->fact.clicks)
COUNT_FIELD(write_reach, "reach", reach_of(row))
COUNT_FIELD(write_inline_link_clicks, "inline_link_clicks", row->fact.link_clicks)
COUNT_FIELD(write_unique_clicks, "unique_clicks", row->no_unique ? 0 : row->fact.clicks * 9 / 10)

static void write_impressions(struct buf *b, const struct insight_row *row)
{
    OPEN_TEXT(b, "impressions");
    text_int(b, row->fact.impressions);
    buf_add_char(b, '"');
}

static void write_spend(struct buf *b, const struct insight_row *row)
{
    OPEN_TEXT(b, "spend");
    text_fixed(b, row->fact.spend, row->account->minor_digits);
    buf_add_char(b, '"');
}

static int64_t hundred(const struct insight_row *row)
{
    return row->account->minor_digits == 0 ? 1 : 100;
}

/* A ratio, left out when its divisor is zero. */
#define RATIO_FIELD(function, name, numerator, denominator)                                                            \
    static void function(struct buf *b, const struct insight_row *row)                                                 \
    {                                                                                                                  \
        if ((denominator) != 0) {                                                                                      \
            OPEN_TEXT(b, name);                                                                                        \
            text_ratio(b, (numerator), (denominator));                                                                 \
            buf_add_char(b, '"');                                                                                      \
        }                                                                                                              \
    }
RATIO_FIELD(write_people_frequency, "frequency", row->fact.impressions, reach_of(row))
RATIO_FIELD(write_ctr, "ctr", row->fact.clicks * 100, row->fact.impressions)
RATIO_FIELD(write_cpc, "cpc", row->fact.spend, row->fact.clicks *hundred(row))
RATIO_FIELD(write_cpm, "cpm", row->fact.spend * 1000, row->fact.impressions *hundred(row))
RATIO_FIELD(write_cpp, "cpp", row->fact.spend * 1000, reach_of(row) * hundred(row))
RATIO_FIELD(write_link_ctr, "inline_link_click_ctr", row->fact.link_clicks * 100, row->fact.impressions)

static void write_frequency(struct buf *b, const struct insight_row *row)
{
    if (breakdown_is_hourly(row->breakdown))
        TEXT_LITERAL(b, ",\"frequency\":\"0\""); /* said, but never known */
    else
        write_people_frequency(b, row);
}

/* Writes ,"name": and takes it back when the list turns out empty. */
static void put_actions(struct buf *b, const struct insight_row *row, const char *name, const struct action *list,
                        int count, bool money)
{
    size_t before = b->len;
    TEXT_LITERAL(b, ",\"");
    buf_add_str(b, name);
    TEXT_LITERAL(b, "\":");
    if (!actions_write(b, list, count, money, row->account->minor_digits, row->windows) && !b->overflow) {
        b->len = before;
        b->data[before] = 0;
    }
}

static void write_actions(struct buf *b, const struct insight_row *row)
{
    put_actions(b, row, "actions", row->actions, row->action_count, ACTIONS_COUNT);
}

static void write_action_values(struct buf *b, const struct insight_row *row)
{
    put_actions(b, row, "action_values", row->actions, row->action_count, ACTIONS_MONEY);
}

static void write_outbound_clicks(struct buf *b, const struct insight_row *row)
{
    struct action one = {"outbound_click", row->fact.link_clicks * 8 / 10 * 100, -1, false};
    put_actions(b, row, "outbound_clicks", &one, one.hundredths != 0, ACTIONS_COUNT);
}

static void write_video_plays(struct buf *b, const struct insight_row *row)
{
    struct action one = {"video_view", row->fact.video_views * 130, -1, false};
    if (!breakdown_is_hourly(row->breakdown))
        put_actions(b, row, "video_play_actions", &one, one.hundredths != 0, ACTIONS_COUNT);
}

static void write_cost_per_action(struct buf *b, const struct insight_row *row)
{
    if (row->fact.spend == 0 || row->action_count == 0)
        return;
    TEXT_LITERAL(b, ",\"cost_per_action_type\":[");
    for (int i = 0; i < row->action_count; i++) {
        text_comma(b);
        buf_addf(b, "{\"action_type\":\"%s\",\"value\":\"", row->actions[i].type);
        text_ratio(b, row->fact.spend * 100, row->actions[i].hundredths * hundred(row));
        TEXT_LITERAL(b, "\"}");
    }
    buf_add_char(b, ']');
}

static void put_roas(struct buf *b, const struct insight_row *row, const char *name, const char *type)
{
    if (row->fact.revenue == 0 || row->fact.spend == 0 || row->no_off_meta)
        return;
    buf_addf(b, ",\"%s\":[{\"action_type\":\"%s\",\"value\":\"", name, type);
    text_ratio(b, row->fact.revenue, row->fact.spend);
    TEXT_LITERAL(b, "\"}]");
}

static void write_purchase_roas(struct buf *b, const struct insight_row *row)
{
    put_roas(b, row, "purchase_roas", "omni_purchase");
}

static void write_website_roas(struct buf *b, const struct insight_row *row)
{
    put_roas(b, row, "website_purchase_roas", "offsite_conversion.fb_pixel_purchase");
}

static const struct entity *entity_of(const struct insight_row *row)
{
    return &row->account->entities[row->level][row->index];
}

static int adset_of(const struct insight_row *row)
{
    return entity_of(row)->parent[LEVEL_ADSET];
}

static void write_attribution_setting(struct buf *b, const struct insight_row *row)
{
    if (row->level < LEVEL_ADSET)
        return;
    buf_add_char(b, ',');
    text_pair(b, "attribution_setting", facts_attribution_setting(row->account, adset_of(row)));
}

static void write_objective(struct buf *b, const struct insight_row *row)
{
    if (row->level < LEVEL_CAMPAIGN)
        return;
    buf_add_char(b, ',');
    text_pair(b, "objective", entity_of(row)->objective->name);
}

static void write_optimization_goal(struct buf *b, const struct insight_row *row)
{
    if (row->level < LEVEL_ADSET)
        return;
    buf_add_char(b, ',');
    text_pair(b, "optimization_goal", entity_of(row)->objective->optimization_goal);
}

static void write_buying_type(struct buf *b, const struct insight_row *row)
{
    if (row->level >= LEVEL_CAMPAIGN)
        TEXT_LITERAL(b, ",\"buying_type\":\"AUCTION\"");
}

static void write_quality_ranking(struct buf *b, const struct insight_row *row)
{
    if (row->level == LEVEL_AD)
        TEXT_LITERAL(b, ",\"quality_ranking\":\"UNKNOWN\"");
}

/* The object's, not the row's: a trap for those who take it for a sync cursor. */
static void write_updated_time(struct buf *b, const struct insight_row *row)
{
    char day[DATE_TEXT];
    if (row->level >= LEVEL_CAMPAIGN)
        buf_addf(b, ",\"updated_time\":\"%s\"",
                 date_text(zone_day(row->account->zone, entity_of(row)->updated_ms), day));
}

static void write_created_time(struct buf *b, const struct insight_row *row)
{
    char day[DATE_TEXT];
    if (row->level >= LEVEL_CAMPAIGN)
        buf_addf(b, ",\"created_time\":\"%s\"",
                 date_text(zone_day(row->account->zone, entity_of(row)->created_ms), day));
}

static void write_nothing(struct buf *b, const struct insight_row *row) /* the days are always there */
{
    (void)b;
    (void)row;
}

static const struct insight_field table[] = {
    {"account_id", false, write_account_id},
    {"account_name", false, write_account_name},
    {"account_currency", false, write_account_currency},
    {"campaign_id", false, write_campaign_id},
    {"campaign_name", false, write_campaign_name},
    {"adset_id", false, write_adset_id},
    {"adset_name", false, write_adset_name},
    {"ad_id", false, write_ad_id},
    {"ad_name", false, write_ad_name},
    {"date_start", false, write_nothing},
    {"date_stop", false, write_nothing},
    {"impressions", false, write_impressions},
    {"clicks", false, write_clicks},
    {"unique_clicks", false, write_unique_clicks},
    {"spend", false, write_spend},
    {"reach", false, write_reach},
    {"frequency", false, write_frequency},
    {"ctr", false, write_ctr},
    {"cpc", false, write_cpc},
    {"cpm", false, write_cpm},
    {"cpp", false, write_cpp},
    {"inline_link_clicks", false, write_inline_link_clicks},
    {"inline_link_click_ctr", false, write_link_ctr},
    {"actions", true, write_actions},
    {"action_values", true, write_action_values},
    {"cost_per_action_type", true, write_cost_per_action},
    {"outbound_clicks", false, write_outbound_clicks},
    {"video_play_actions", false, write_video_plays},
    {"purchase_roas", false, write_purchase_roas},
    {"website_purchase_roas", false, write_website_roas},
    {"attribution_setting", false, write_attribution_setting},
    {"objective", false, write_objective},
    {"optimization_goal", false, write_optimization_goal},
    {"buying_type", false, write_buying_type},
    {"quality_ranking", false, write_quality_ranking},
    {"created_time", false, write_created_time},
    {"updated_time", false, write_updated_time},
};

static const struct insight_field *find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

bool insight_select(struct request *r, struct insight_selection *out)
{
    static const char *const usual[] = {"account_id", "campaign_id", "adset_id", "ad_id", "impressions", "spend"};
    const char *names[INSIGHT_FIELDS_MAX];
    int count = params_list(&r->params, "fields", &r->arena, names, INSIGHT_FIELDS_MAX);
    *out = (struct insight_selection){.count = 0};
    if (count < 0) {
        request_error(r, 400, 2500, 0, "Syntax error \"Expected end of string\" in fields");
        return false;
    }
    for (int i = 0; count == 0 && i < 6; i++)
        out->list[out->count++] = find(usual[i]);
    for (int i = 0; i < count; i++) {
        const struct insight_field *field = find(names[i]);
        if (!known_field(KNOWN_INSIGHTS, names[i])) {
            request_error(
                r, 400, 100, 0,
                "(#100) %s is not valid for fields param. please check "
                "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values",
                names[i]);
            return false;
        }
        if (forbidden_answer(r, names[i], "AdsInsights"))
            return false;
        if (field != NULL) {
            out->list[out->count++] = field;
            out->actions = out->actions || field->actions;
        }
    }
    return true;
}

static void list_actions(struct insight_row *row)
{
    int kept = 0;
    row->action_count = actions_list(&row->fact, row->actions);
    for (int i = 0; i < row->action_count; i++)
        if (!row->no_off_meta || !row->actions[i].off_meta)
            row->actions[kept++] = row->actions[i];
    row->action_count = kept;
}

void insight_write(struct buf *b, struct insight_row *row, const struct insight_selection *s)
{
    char from[DATE_TEXT], to[DATE_TEXT];
    TEXT_LITERAL(b, "{\"date_start\":\"");
    buf_add(b, date_text(row->days.from, from), 10);
    TEXT_LITERAL(b, "\",\"date_stop\":\"");
    buf_add(b, date_text(row->days.to, to), 10);
    buf_add_char(b, '"');
    if (row->cell >= 0)
        breakdown_write(b, row->breakdown, row->cell);
    row->action_count = 0;
    if (s->actions)
        list_actions(row);
    for (int i = 0; i < s->count; i++)
        s->list[i]->write(b, row);
    buf_add_char(b, '}');
}
