#include "common/plan/range_plan.h"

#define FRESH_MS ((int64_t)6 * 60 * 60 * 1000)

/* Read when the day was over, and late enough that nothing of it changes any more. */
static bool is_final(const struct range_rules *r, date_t day, int64_t read_at_ms)
{
    const int64_t days = r->restate_days > 1 ? r->restate_days : 1;

    return read_at_ms >= zone_day_start_ms(r->zone, day + (date_t)days);
}

static bool is_needed(const struct range_rules *r, date_t day, int64_t read_at_ms)
{
    const int64_t age = (int64_t)r->today - day;

    if (age == 0)
        return true;
    if (read_at_ms == 0)
        return age <= r->backfill_days;
    if (age > r->restate_days)
        return !is_final(r, day, read_at_ms);
    return r->force || r->now_ms - read_at_ms >= FRESH_MS || read_at_ms < zone_day_start_ms(r->zone, day + 1);
}

int range_default(const struct range_rules *r, const struct day_known *known, int known_count, struct day_span *out,
                  int max)
{
    const int64_t days = r->backfill_days > r->restate_days ? r->backfill_days : r->restate_days;
    date_t day = r->today - (date_t)days;
    int at = 0, written = 0;

    if (known_count > 0 && known[0].day < day)
        day = known[0].day;
    for (day = day < r->oldest ? r->oldest : day; day <= r->today; day++) {
        while (at < known_count && known[at].day < day)
            at++;
        if (!is_needed(r, day, at < known_count && known[at].day == day ? known[at].read_at_ms : 0))
            continue;
        if (written > 0 && out[written - 1].to + 1 == day) {
            out[written - 1].to = day;
            continue;
        }
        if (written == max)
            return -1;
        out[written++] = (struct day_span){.from = day, .to = day};
    }
    return written;
}

date_t range_oldest(date_t today, int history_months)
{
    return date_add_months(today, -history_months) + 1;
}

int range_check(date_t from, date_t to, date_t today, int history_months, struct err *e)
{
    const date_t oldest = range_oldest(today, history_months);
    char from_text[DATE_TEXT], to_text[DATE_TEXT], limit[DATE_TEXT];

    (void)date_text(from, from_text);
    (void)date_text(to, to_text);
    if (from > to)
        return err_set(e, ERR_INPUT, "from: %s is after to, %s", from_text, to_text);
    if (to > today)
        return err_set(e, ERR_INPUT, "to: %s is in the future; the account's today is %s", to_text,
                       date_text(today, limit));
    if (from < oldest)
        return err_set(e, ERR_INPUT, "from: %s is older than the provider keeps; the oldest day is %s", from_text,
                       date_text(oldest, limit));
    return 0;
}
