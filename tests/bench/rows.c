#include "common/base/check.h"
#include "tests/bench/driver.h"
#include <inttypes.h>

#define PAGE_BYTES_MAX ((size_t)64 << 20)
#define FIRST_AD INT64_C(120210000000000000)
enum { ADS_PER_ADSET = 5, ADSETS_PER_CAMPAIGN = 2 };

static const char *number(struct arena *a, int64_t value)
{
    return arena_printf(a, "%" PRId64, value);
}

static const char *money(struct arena *a, int64_t cents)
{
    return arena_printf(a, "%" PRId64 ".%02d", cents / 100, (int)(cents % 100));
}

static const char *actions(struct arena *a, int64_t links, int64_t purchases)
{
    return arena_printf(a,
                        "{\"link_click\":%" PRId64 ",\"post_reaction\":%" PRId64 ",\"video_view\":%" PRId64
                        ",\"post_engagement\":%" PRId64 ",\"page_engagement\":%" PRId64
                        ",\"landing_page_view\":%" PRId64 ",\"omni_landing_page_view\":%" PRId64
                        ",\"omni_purchase\":%" PRId64 ",\"purchase\":%" PRId64
                        ",\"offsite_conversion.fb_pixel_purchase\":%" PRId64 ",\"onsite_web_purchase\":%" PRId64 "}",
                        links, links / 3, links * 2, links * 3, links * 3, links / 2, links / 2, purchases, purchases,
                        purchases, purchases);
}

static const char *values(struct arena *a, const char *revenue)
{
    return arena_printf(a,
                        "{\"omni_purchase\":%s,\"purchase\":%s,\"offsite_conversion.fb_pixel_purchase\":%s"
                        ",\"onsite_web_purchase\":%s}",
                        revenue, revenue, revenue, revenue);
}

static void make(const struct rows_wanted *w, int64_t row, struct arena *a, struct fact_row *f)
{
    const int64_t ad = row % w->ads, impressions = 1000 + row * 7919 % 90000, clicks = impressions / 40;
    const int64_t links = clicks * 7 / 10, purchases = links / 30;
    const bool changed = w->change_each > 0 && row % w->change_each == 0;
    const int64_t adset = ad / ADS_PER_ADSET, campaign = adset / ADSETS_PER_CAMPAIGN;
    const char *revenue = money(a, purchases * 4999);
    *f = (struct fact_row){
        .campaign_id = number(a, FIRST_AD + 2000000000 + campaign),
        .adset_id = number(a, FIRST_AD + 1000000000 + adset),
        .ad_id = number(a, FIRST_AD + ad),
        .day = w->first_day + (date_t)(row / w->ads),
        .hour = -1,
        .spend = money(a, impressions / 2 + (changed ? 1 : 0)),
        .impressions = number(a, impressions),
        .clicks = number(a, clicks),
        .link_clicks = number(a, links),
        .conversions = number(a, purchases),
        .revenue = revenue,
        .leads = "0",
        .installs = "0",
        .purchases = number(a, purchases),
        .registrations = "0",
        .visitors = number(a, links / 2),
        .reach = number(a, impressions * 8 / 10),
        .attribution_setting = "1d_view_7d_click",
        .actions = actions(a, links, purchases),
        .action_values = values(a, revenue),
    };
}

void rows_make(const struct rows_wanted *w, struct page *out)
{
    *out = (struct page){0};
    arena_init(&out->arena, PAGE_BYTES_MAX);
    out->facts = arena_alloc(&out->arena, (size_t)w->count * sizeof *out->facts);
    CHECK(out->facts != NULL);
    for (int64_t i = 0; i < w->count; i++)
        make(w, w->first + i, &out->arena, &out->facts[i]);
    out->fact_count = (int)w->count;
    CHECK(!out->arena.overflow);
}
