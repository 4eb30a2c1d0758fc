/* A day's numbers have an end state. Until 28 days later (S17) less is visible: conversions trickle in, some spend is
 * credited back, a few rows vanish, rows with conversions only appear. From then on a day is frozen. */
#include "tests/sandbox/facts.h"
#include "tests/sandbox/dice.h"

#define FREEZE_DAYS 28
#define PART_MS INT64_C(900000)

enum { ROLL_SIZE = 100, ROLL_SHIFT, ROLL_CTR, ROLL_CPM, ROLL_RATE, ROLL_BASKET }; /* of an ad */
enum {
    ROLL_DELIVERS,
    ROLL_NOISE,
    ROLL_CLICKS,
    ROLL_REACH,
    ROLL_LINKS,
    ROLL_VISITS,
    ROLL_CONVERTS,
    ROLL_REVENUE,
    ROLL_LATE,
    ROLL_CREDIT,
    ROLL_VANISH,
    ROLL_SOCIAL,
    ROLL_FRACTION
}; /* of an ad and a day */

struct observation facts_observe(const struct account *a, int64_t now_ms)
{
    struct observation o = {.today = zone_day(a->zone, now_ms)};
    int64_t start = zone_day_start_ms(a->zone, o.today), end = zone_day_start_ms(a->zone, o.today + 1);
    o.parts = (int)((end - start) / PART_MS);
    o.parts_done = (int)((now_ms - start) / PART_MS);
    return o;
}

static const struct entity *adset_of(const struct account *a, int ad)
{
    return &a->entities[LEVEL_ADSET][a->entities[LEVEL_AD][ad].parent[LEVEL_ADSET]];
}

enum overlap facts_overlap(const struct account *a, int adset)
{
    static const enum overlap fifth[5] = {OVERLAP_FULL, OVERLAP_PARTIAL, OVERLAP_FULL, OVERLAP_NO_OMNI,
                                          OVERLAP_CHANNELS};
    return fifth[((uint64_t)adset + a->key % 5) % 5];
}

const char *facts_attribution_setting(const struct account *a, int adset)
{
    static const char *const setting[] = {"1d_view_7d_click", "7d_click", "1d_view_7d_click", "1d_click"};
    return setting[(a->entities[LEVEL_ADSET][adset].key >> 30) % 4];
}

/* What the day comes to in the end when the ad delivered. */
static void deliver(const struct account *a, const struct entity *ad, uint64_t day_key, date_t day, struct fact *f)
{
    static const int weekday[7] = {104, 92, 90, 96, 101, 108, 112};
    int64_t size = dice_between(dice_roll(ad->key, ROLL_SIZE), 300, 900)
                   << dice_between(dice_roll(ad->key, ROLL_SHIFT), 0, 5);
    int64_t noise = dice_between(dice_roll(day_key, ROLL_NOISE), 70, 130);
    f->impressions = size * weekday[day % 7] * noise / 10000;
    f->clicks = f->impressions * dice_between(dice_roll(ad->key, ROLL_CTR), 50, 350) *
                dice_between(dice_roll(day_key, ROLL_CLICKS), 80, 120) / 1000000;
    f->spend =
        f->impressions * dice_between(dice_roll(ad->key, ROLL_CPM), 310, 1900) / 1000 * (a->minor_digits == 0 ? 2 : 1);
    f->reach = f->impressions * dice_between(dice_roll(day_key, ROLL_REACH), 55, 95) / 100;
    f->link_clicks = f->clicks * dice_between(dice_roll(day_key, ROLL_LINKS), 55, 85) / 100;
    f->visitors = f->link_clicks * dice_between(dice_roll(day_key, ROLL_VISITS), 60, 90) / 100;
    uint64_t social = dice_roll(day_key, ROLL_SOCIAL);
    f->reactions = f->impressions * (int64_t)(social % 8) / 2000;
    f->comments = f->reactions / 9;
    f->video_views = ad->key % 3 == 0 ? f->impressions * 22 / 100 : 0;
}

/* One more conversion for every so many clicks; `extra` makes rows that have nothing but conversions. */
static void convert(const struct account *a, const struct entity *ad, uint64_t day_key, int64_t extra, struct fact *f)
{
    int64_t rate = dice_between(dice_roll(ad->key, ROLL_RATE), 5, 40); /* per mille of the link clicks */
    int64_t chance = (int64_t)(dice_roll(day_key, ROLL_CONVERTS) >> 8) % 1000;
    int64_t events = (f->link_clicks * rate + chance) / 1000 + extra;
    switch (ad->objective->drive) {
    case DRIVE_PURCHASES:
        f->purchases = events * 100;
        f->carts = events * 4 + f->link_clicks / 30;
        f->checkouts = events * 2;
        f->revenue = events * dice_between(dice_roll(ad->key, ROLL_BASKET), 2500, 14000) *
                     dice_between(dice_roll(day_key, ROLL_REVENUE), 700, 1300) / 1000;
        if (events % 5 == 4) { /* some buyers also subscribe */
            f->registrations = events / 5 * 100 + 100;
            f->leads = 100;
        }
        break;
    case DRIVE_LEADS:
        f->leads = events * 100;
        f->registrations = events / 3 * 100;
        break;
    case DRIVE_INSTALLS:
        f->installs = events * 200;
        f->registrations = events * 100;
        f->purchases = events / 4 * 100;
        f->revenue = f->purchases / 100 * 499;
        break;
    case DRIVE_TRAFFIC:
        f->leads = events / 8 * 100;
        break;
    case DRIVE_REACH:
    case DRIVE_ENGAGEMENT:
        break;
    }
    /* data-driven attribution counts fractions of a purchase */
    if (f->purchases > 0 && (adset_of(a, (int)(ad->first[LEVEL_AD]))->key >> 40) % 16 == 0)
        f->purchases -= 25 * dice_between(dice_roll(day_key, ROLL_FRACTION), 0, 3);
}

static int64_t part_of(int64_t value, int64_t numerator, int64_t denominator)
{
    return value * numerator / denominator;
}

/* What of the conversions is known `age` days after the day: they never shrink until the day is frozen. */
static void trickle(struct fact *f, int age)
{
    if (age >= FREEZE_DAYS)
        return;
    int64_t known = 60 + 40 * age / FREEZE_DAYS, purchases = f->purchases;
    f->purchases = part_of(f->purchases / 100, known, 100) * 100 + (purchases % 100);
    if (purchases > 0)
        f->revenue = part_of(f->revenue, f->purchases, purchases);
    f->leads = part_of(f->leads / 100, known, 100) * 100;
    f->registrations = part_of(f->registrations / 100, known, 100) * 100;
    f->installs = part_of(f->installs / 100, known, 100) * 100;
    f->carts = part_of(f->carts, known, 100);
    f->checkouts = part_of(f->checkouts, known, 100);
}

static void running_day(struct fact *f, const struct observation *o)
{
    int64_t *const counts[] = {&f->impressions, &f->clicks,   &f->reach, &f->spend,     &f->link_clicks, &f->visitors,
                               &f->reactions,   &f->comments, &f->carts, &f->checkouts, &f->video_views, &f->revenue};
    int64_t *const hundredths[] = {&f->purchases, &f->leads, &f->installs, &f->registrations};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        *counts[i] = part_of(*counts[i], o->parts_done, o->parts);
    for (size_t i = 0; i < sizeof hundredths / sizeof *hundredths; i++)
        *hundredths[i] = part_of(*hundredths[i] / 100, o->parts_done, o->parts) * 100;
    if (f->purchases == 0)
        f->revenue = 0;
}

static bool has_conversions(const struct fact *f)
{
    return f->purchases > 0 || f->leads > 0 || f->installs > 0 || f->registrations > 0;
}

/* The row as the seed has it, before restatements by hand. */
static bool seeded(const struct account *a, const struct entity *ad, date_t day, uint64_t day_key,
                   const struct observation *o, struct fact *f)
{
    int age = o->today - day;
    bool on = day <= ad->last_day && !dice_permille(dice_roll(day_key, ROLL_DELIVERS), 30);
    uint64_t late = dice_roll(day_key, ROLL_LATE);
    int late_permille = day > ad->last_day ? 150 : on ? 0 : 400;
    if (day - FREEZE_DAYS > ad->last_day)
        return false;
    if (on) {
        deliver(a, ad, day_key, day, f);
        convert(a, ad, day_key, 0, f);
        trickle(f, age);
        uint64_t credit = dice_roll(day_key, ROLL_CREDIT), vanish = dice_roll(day_key, ROLL_VANISH);
        if (dice_permille(credit, 30) && age > (int)(credit >> 40) % 3)
            f->spend -= part_of(f->spend, 10 + (int64_t)((credit >> 44) % 20), 1000);
        if (dice_permille(vanish, 4) && age > 1 + (int)((vanish >> 40) % 26))
            return false;
        if (age == 0)
            running_day(f, o);
        return f->impressions > 0;
    }
    if (!dice_permille(late, late_permille) || age < 1 + (int)((late >> 40) % 20))
        return false;
    convert(a, ad, day_key, 1, f); /* dated by the day of conversion (S16) */
    return has_conversions(f);
}

/* Restated by hand: of the chosen rows one in eight vanishes, the others change; empty days come to life. */
static bool restated(const struct account *a, const struct entity *ad, date_t day, uint64_t day_key, bool exists,
                     struct fact *f)
{
    int count;
    uint64_t change = 0;
    const struct restatement *list = world_restatements(a->world, &count);
    for (int i = 0; i < count; i++) {
        const struct restatement *r = &list[i];
        uint64_t roll = dice_roll(day_key ^ r->key, 1);
        if ((r->account != 0 && r->account != a->number) || day < r->from || day > r->to ||
            !dice_permille(roll, r->permille))
            continue;
        bool vanish = exists && (roll >> 48) % 8 == 0;
        exists = !vanish;
        change += 1 + (roll >> 52);
    }
    if (!exists || change == 0)
        return exists;
    if (f->impressions == 0 && !has_conversions(f))
        deliver(a, ad, day_key, day, f);
    f->spend += 1 + (int64_t)(change % 89); /* always another number */
    f->impressions += 1 + (int64_t)(change % 211);
    f->purchases += f->purchases > 0 ? 100 : 0;
    f->revenue += f->purchases > 0 ? 1999 : 0;
    return true;
}

bool facts_of_ad(const struct account *a, int ad_index, date_t day, const struct observation *o, struct fact *out)
{
    const struct entity *ad = &a->entities[LEVEL_AD][ad_index];
    *out = (struct fact){.overlap = facts_overlap(a, ad->parent[LEVEL_ADSET])};
    if (day > o->today || day < ad->first_day)
        return false;
    uint64_t day_key = dice_roll(ad->key, 1000000 + (uint64_t)day);
    bool exists = seeded(a, ad, day, day_key, o, out);
    if (!exists)
        *out = (struct fact){.overlap = out->overlap};
    return restated(a, ad, day, day_key, exists, out);
}

bool facts_any(const struct fact *f)
{
    return f->impressions > 0 || f->carts > 0 || f->checkouts > 0 || has_conversions(f);
}

void facts_add(struct fact *sum, const struct fact *f)
{
    sum->impressions += f->impressions;
    sum->clicks += f->clicks;
    sum->reach += f->reach;
    sum->spend += f->spend;
    sum->link_clicks += f->link_clicks;
    sum->visitors += f->visitors;
    sum->reactions += f->reactions;
    sum->comments += f->comments;
    sum->video_views += f->video_views;
    sum->carts += f->carts;
    sum->checkouts += f->checkouts;
    sum->purchases += f->purchases;
    sum->leads += f->leads;
    sum->installs += f->installs;
    sum->registrations += f->registrations;
    sum->revenue += f->revenue;
}
