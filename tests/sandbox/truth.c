#include "tests/sandbox/truth.h"
#include "tests/sandbox/actions.h"
#include "tests/sandbox/breakdowns.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/times.h"

static const char *const level_names[LEVEL_COUNT] = {"account", "campaign", "adset", "ad"};

static void put(struct buf *b, const char *key, const char *value)
{
    text_comma(b);
    text_pair(b, key, value);
}

static void put_null(struct buf *b, const char *key)
{
    buf_addf(b, ",\"%s\":null", key);
}

static void put_int(struct buf *b, const char *key, int64_t value)
{
    buf_addf(b, ",\"%s\":%lld", key, (long long)value);
}

/* A decimal as a string, so that no reader turns it into a double. */
static void put_fixed(struct buf *b, const char *key, int64_t units, int places)
{
    buf_addf(b, ",\"%s\":\"", key);
    text_fixed(b, units, places);
    buf_add_char(b, '"');
}

static void put_time(struct buf *b, const char *key, int64_t at_ms)
{
    char text[TIMES_TEXT];
    put(b, key, times_utc(at_ms, text));
}

static void put_budget(struct buf *b, const char *key, const struct account *a, int64_t minor)
{
    if (minor == 0)
        put_null(b, key);
    else
        put_fixed(b, key, minor, a->minor_digits);
}

static void write_entity(struct buf *b, struct account *a, enum level level, int index)
{
    char id[ID_TEXT];
    const struct entity *x = &a->entities[level][index];
    text_comma(b);
    buf_add_char(b, '{');
    put(b, "external_id", entity_id(a, level, index, id));
    put(b, "level", level_names[level]);
    if (level == LEVEL_CAMPAIGN)
        put_null(b, "parent_external_id");
    else
        put(b, "parent_external_id", entity_id(a, (enum level)(level - 1), x->parent[level - 1], id));
    put(b, "campaign_external_id", entity_id(a, LEVEL_CAMPAIGN, x->parent[LEVEL_CAMPAIGN], id));
    put(b, "name", entity_name(a, level, index));
    put(b, "status", status_name(x->effective));
    put(b, "configured_status", status_name(x->configured));
    if (level == LEVEL_CAMPAIGN)
        put(b, "objective", x->objective->name);
    else
        put_null(b, "objective");
    put(b, "goal", x->objective->goal);
    put_budget(b, "daily_budget", a, x->daily_budget);
    put_budget(b, "lifetime_budget", a, x->lifetime_budget);
    put_time(b, "external_created_at", x->created_ms);
    put_time(b, "external_updated_at", x->updated_ms);
    buf_add_str(b, x->gone ? ",\"gone\":true}" : ",\"gone\":false}");
}

static void write_actions(struct buf *b, const struct account *a, const struct fact *f)
{
    struct action list[ACTIONS_MAX];
    int count = actions_list(f, list);
    buf_add_str(b, ",\"actions\":{");
    for (int i = 0; i < count; i++) {
        text_comma(b);
        buf_addf(b, "\"%s\":", list[i].type);
        text_fixed(b, list[i].hundredths, 2);
    }
    buf_add_str(b, "},\"action_values\":{");
    for (int i = 0; i < count; i++) {
        if (list[i].money <= 0)
            continue;
        text_comma(b);
        buf_addf(b, "\"%s\":", list[i].type);
        text_fixed(b, list[i].money, a->minor_digits);
    }
    buf_add_char(b, '}');
}

static void write_fact(struct buf *b, const struct account *a, int ad, date_t day, const struct fact *f)
{
    char id[ID_TEXT], day_text[DATE_TEXT];
    text_comma(b);
    buf_add_char(b, '{');
    put(b, "external_id", entity_id(a, LEVEL_AD, ad, id));
    put(b, "event_date", date_text(day, day_text));
    put_time(b, "event_at", zone_day_start_ms(a->zone, day));
    put(b, "currency", a->currency);
    put_fixed(b, "spend", f->spend, a->minor_digits);
    put_int(b, "impressions", f->impressions);
    put_int(b, "clicks", f->clicks);
    put_int(b, "link_clicks", f->link_clicks);
    put_fixed(b, "purchases", f->purchases, 2);
    put_fixed(b, "revenue", f->revenue, a->minor_digits);
    put_fixed(b, "leads", f->leads, 2);
    put_fixed(b, "installs", f->installs, 2);
    put_fixed(b, "registrations", f->registrations, 2);
    put_fixed(b, "conversions", f->purchases + f->leads + f->installs + f->registrations, 2);
    put_int(b, "visitors", f->visitors);
    if (f->reach == 0)
        put_null(b, "reach"); /* Meta left it out */
    else
        put_int(b, "reach", f->reach);
    put(b, "attribution_setting", facts_attribution_setting(a, a->entities[LEVEL_AD][ad].parent[LEVEL_ADSET]));
    write_actions(b, a, f);
    buf_add_char(b, '}');
}

/* What hours tell: no people, no actions. */
static void write_hour(struct buf *b, const struct account *a, int ad, date_t day, int hour, const struct fact *f)
{
    char id[ID_TEXT], day_text[DATE_TEXT];
    text_comma(b);
    buf_add_char(b, '{');
    put(b, "external_id", entity_id(a, LEVEL_AD, ad, id));
    put(b, "event_date", date_text(day, day_text));
    put_int(b, "event_hour", hour);
    put(b, "currency", a->currency);
    put_fixed(b, "spend", f->spend, a->minor_digits);
    put_int(b, "impressions", f->impressions);
    put_int(b, "clicks", f->clicks);
    buf_add_char(b, '}');
}

/* The hours of which Meta has a row that says its hour. */
static void write_hours(struct buf *b, const struct account *a, int ad, date_t day, const struct observation *o,
                        const struct fact *f)
{
    const struct breakdown *d = breakdown_by_hour();
    struct fact hours[CELLS_MAX];
    breakdown_split(d, a, ad, day, o, f, hours);
    for (int i = 0; i < breakdown_cells(d); i++)
        if (facts_any(&hours[i]) && breakdown_is_told(d, a->entities[LEVEL_AD][ad].key, day, i, &hours[i]))
            write_hour(b, a, ad, day, i, &hours[i]);
}

void truth_write(struct buf *b, struct account *a, date_t from, date_t to, bool hourly, int64_t now_ms)
{
    struct fact f;
    struct observation o = facts_observe(a, now_ms);
    char id[ID_TEXT];
    (void)snprintf(id, sizeof id, "act_%d", a->number);
    buf_add_str(b, "{\"account\":{");
    put(b, "external_account_id", id);
    put(b, "name", a->name);
    put(b, "currency", a->currency);
    put(b, "timezone", a->timezone);
    put_time(b, "now", now_ms);
    buf_add_str(b, "},\"entities\":[");
    for (enum level level = LEVEL_CAMPAIGN; level <= LEVEL_AD; level++)
        for (int i = 0; i < a->counts[level]; i++)
            write_entity(b, a, level, i);
    buf_add_str(b, "],\"facts\":[");
    for (date_t day = from; day <= to && day <= o.today; day++)
        for (int ad = 0; ad < a->counts[LEVEL_AD]; ad++)
            if (facts_of_ad(a, ad, day, &o, &f)) {
                if (hourly)
                    write_hours(b, a, ad, day, &o, &f);
                else
                    write_fact(b, a, ad, day, &f);
            }
    buf_add_str(b, "]}");
}
