#include "tests/sandbox/ranges.h"
#include "common/base/check.h"
#include "common/base/str.h"

#define BUCKETS_MAX 20000
#define RETENTION_MONTHS 37

enum { INCREMENT_ALL_DAYS = 0, INCREMENT_MONTHLY = -1 }; /* else a number of days */

static date_t month_start(date_t day)
{
    int year, month, dom;
    date_to_civil(day, &year, &month, &dom);
    return day - dom + 1;
}

static date_t quarter_start(date_t day)
{
    int year, month, dom;
    date_to_civil(day, &year, &month, &dom);
    return date_from_civil(year, (month - 1) / 3 * 3 + 1, 1);
}

static date_t year_start(date_t day)
{
    int year, month, dom;
    date_to_civil(day, &year, &month, &dom);
    return date_from_civil(year, 1, 1);
}

bool ranges_preset(const char *name, date_t today, struct range *out)
{
    date_t monday = today - (today + 3) % 7, sunday = today - (today + 4) % 7; /* day 0 was a Thursday */
    date_t month = month_start(today), quarter = quarter_start(today), year = year_start(today);
    date_t oldest = date_add_months(today, -RETENTION_MONTHS) + 1;
    const struct {
        const char *name;
        struct range range;
    } presets[] = {
        {"today", {today, today}},
        {"yesterday", {today - 1, today - 1}},
        {"this_month", {month, today}},
        {"last_month", {month_start(month - 1), month - 1}},
        {"this_quarter", {quarter, today}},
        {"last_quarter", {quarter_start(quarter - 1), quarter - 1}},
        {"this_year", {year, today}},
        {"last_year", {year_start(year - 1), year - 1}},
        {"maximum", {oldest, today}},
        {"data_maximum", {oldest, today}},
        {"last_3d", {today - 3, today - 1}},
        {"last_7d", {today - 7, today - 1}},
        {"last_14d", {today - 14, today - 1}},
        {"last_28d", {today - 28, today - 1}},
        {"last_30d", {today - 30, today - 1}},
        {"last_90d", {today - 90, today - 1}},
        {"last_week_mon_sun", {monday - 7, monday - 1}},
        {"last_week_sun_sat", {sunday - 7, sunday - 1}},
        {"this_week_mon_today", {monday, today}},
        {"this_week_sun_today", {sunday, today}},
    };
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(name, presets[i].name) == 0) {
            *out = presets[i].range;
            return true;
        }
    return false;
}

static bool read_increment(struct request *r, int64_t *increment)
{
    const char *text = params_get(&r->params, "time_increment");
    *increment = INCREMENT_ALL_DAYS;
    if (text == NULL || strcmp(text, "all_days") == 0)
        return true;
    if (strcmp(text, "monthly") == 0) {
        *increment = INCREMENT_MONTHLY;
        return true;
    }
    if (str_to_i64(text, 1, 90, increment))
        return true;
    request_error(r, 400, 100, 0, "(#100) Param time_increment must be monthly, all_days or 1 to 90; it is %s", text);
    return false;
}

static bool put(struct request *r, struct ranges *out, date_t from, date_t to)
{
    if (out->count == BUCKETS_MAX) {
        request_error(r, 400, 100, 1487534, "(#100) Too many time ranges");
        return false;
    }
    out->list[out->count++] = (struct range){from, to};
    return true;
}

/* Checks one range and cuts it; a future end is clipped, the last bucket may be short. */
static bool cut(struct request *r, struct ranges *out, struct range range, date_t today, int64_t increment)
{
    if (range.from > range.to) {
        request_error(r, 400, 100, 0, "(#100) Param time_range: since must not be after until");
        return false;
    }
    if (range.from < date_add_months(today, -RETENTION_MONTHS)) {
        request_error(r, 400, 3018, 0,
                      "(#3018) The start date of the time range cannot be beyond 37 months from the current date");
        return false;
    }
    date_t last = range.to < today ? range.to : today, next;
    for (date_t from = range.from; from <= last; from = next) {
        next = increment == INCREMENT_ALL_DAYS  ? last + 1
               : increment == INCREMENT_MONTHLY ? date_add_months(month_start(from), 1)
                                                : from + (date_t)increment;
        if (!put(r, out, from, next > last ? last : next - 1))
            return false;
    }
    return true;
}

static bool read_range(const json_t *object, struct range *out)
{
    const char *since = json_string_value(json_object_get(object, "since"));
    const char *until = json_string_value(json_object_get(object, "until"));
    return since != NULL && until != NULL && date_parse(since, &out->from) && date_parse(until, &out->to);
}

static bool malformed(struct request *r, const char *name)
{
    request_error(r, 400, 100, 0, "(#100) Param %s must be like {\"since\":\"2026-11-01\",\"until\":\"2026-11-07\"}",
                  name);
    return false;
}

static bool read_list(struct request *r, date_t today, struct ranges *out)
{
    struct range range;
    json_t *list = params_json(&r->params, "time_ranges");
    bool good = json_is_array(list);
    for (size_t i = 0; good && i < json_array_size(list); i++) /* time_increment is ignored with it */
        good = read_range(json_array_get(list, i), &range) && cut(r, out, range, today, INCREMENT_ALL_DAYS);
    json_decref(list);
    return good || (!request_failed(r) && malformed(r, "time_ranges"));
}

bool ranges_read(struct request *r, date_t today, struct ranges *out)
{
    struct range range;
    int64_t increment;
    const char *preset = params_get(&r->params, "date_preset");
    *out = (struct ranges){.list = arena_alloc(&r->arena, BUCKETS_MAX * sizeof *out->list)};
    CHECK(out->list != NULL);
    if (params_get(&r->params, "time_ranges") != NULL)
        return read_list(r, today, out);
    if (!read_increment(r, &increment))
        return false;
    if (params_get(&r->params, "time_range") != NULL) {
        json_t *given = params_json(&r->params, "time_range");
        bool good = read_range(given, &range);
        json_decref(given);
        if (!good)
            return malformed(r, "time_range");
    } else if (!ranges_preset(preset != NULL ? preset : "last_30d", today, &range)) {
        request_error(r, 400, 100, 0, "(#100) Param date_preset must be one of Meta's presets; it is %s", preset);
        return false;
    }
    return cut(r, out, range, today, increment);
}
