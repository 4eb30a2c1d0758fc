#include "tests/sandbox/breakdowns.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/hours.h"
#include "tests/sandbox/known_fields.h"
#include "tests/sandbox/text.h"

#define KEYS_MAX 2
#define ASKED_MAX 16

/* Values that exclude each other; those of two keys go together. */
struct axis {
    const char *keys[KEYS_MAX];
    int count;
    struct {
        const char *values[KEYS_MAX];
        int weight;
    } cells[12];
};

static const struct axis ages = {{"age"},
                                 7,
                                 {{{"18-24"}, 14},
                                  {{"25-34"}, 27},
                                  {{"35-44"}, 23},
                                  {{"45-54"}, 16},
                                  {{"55-64"}, 11},
                                  {{"65+"}, 8},
                                  {{"Unknown"}, 1}}};
static const struct axis genders = {{"gender"}, 3, {{{"female"}, 52}, {{"male"}, 45}, {{"unknown"}, 3}}};
static const struct axis countries = {
    {"country"}, 6, {{{"DE"}, 60}, {{"AT"}, 14}, {{"CH"}, 12}, {{"NL"}, 7}, {{"FR"}, 5}, {{"unknown"}, 2}}};
static const struct axis regions = {{"region"},
                                    6,
                                    {{{"Bayern"}, 24},
                                     {{"Berlin"}, 18},
                                     {{"Nordrhein-Westfalen"}, 27},
                                     {{"Wien"}, 13},
                                     {{"Zürich"}, 10},
                                     {{"Unknown"}, 8}}};
static const struct axis platforms = {
    {"publisher_platform"},
    5,
    {{{"facebook"}, 52}, {{"instagram"}, 38}, {{"audience_network"}, 6}, {{"messenger"}, 3}, {{"unknown"}, 1}}};
static const struct axis positions = {{"publisher_platform", "platform_position"},
                                      10,
                                      {{{"facebook", "feed"}, 30},
                                       {{"facebook", "facebook_reels"}, 12},
                                       {{"facebook", "facebook_stories"}, 6},
                                       {{"facebook", "marketplace"}, 4},
                                       {{"instagram", "feed"}, 16},
                                       {{"instagram", "instagram_stories"}, 12},
                                       {{"instagram", "instagram_reels"}, 10},
                                       {{"audience_network", "an_classic"}, 6},
                                       {{"messenger", "messenger_stories"}, 3},
                                       {{"unknown", "unknown"}, 1}}};
static const struct axis devices = {{"impression_device"},
                                    6,
                                    {{{"iphone"}, 41},
                                     {{"android_smartphone"}, 40},
                                     {{"desktop"}, 9},
                                     {{"ipad"}, 5},
                                     {{"android_tablet"}, 3},
                                     {{"other"}, 2}}};
static const struct axis device_platforms = {
    {"device_platform"}, 4, {{{"mobile_app"}, 83}, {{"mobile_web"}, 6}, {{"desktop"}, 10}, {{"unknown"}, 1}}};
static const struct axis advertiser_hours = {{"hourly_stats_aggregated_by_advertiser_time_zone"}, HOURS, {{{NULL}, 0}}};
/* All who see ads live in the account's zone. */
static const struct axis audience_hours = {{"hourly_stats_aggregated_by_audience_time_zone"}, HOURS, {{{NULL}, 0}}};

struct breakdown {
    const struct axis *axes[2]; /* every cell of the first with every one of the second */
    bool hourly, hides_off_meta;
};
/* What Meta lets go together; action_type may join each of them. The first is none. */
static const struct breakdown legal[] = {
    {{NULL}, false, false},
    {{&advertiser_hours}, true, true},
    {{&audience_hours}, true, true},
    {{&ages}, false, false},
    {{&genders}, false, false},
    {{&ages, &genders}, false, false},
    {{&countries}, false, false},
    {{&regions}, false, true},
    {{&platforms}, false, false},
    {{&positions}, false, false},
    {{&devices}, false, false},
    {{&device_platforms}, false, false},
    {{&platforms, &devices}, false, false},
    {{&positions, &devices}, false, false},
    {{&platforms, &device_platforms}, false, false},
};

/* How many keys a breakdown has, and in *named how many of them are among the names. */
static int count_keys(const struct breakdown *d, const char *const *names, int count, int *named)
{
    int keys = 0;
    *named = 0;
    for (int i = 0; i < 2 && d->axes[i] != NULL; i++)
        for (int k = 0; k < KEYS_MAX && d->axes[i]->keys[k] != NULL; k++, keys++) {
            int n = 0;
            while (n < count && strcmp(names[n], d->axes[i]->keys[k]) != 0)
                n++;
            *named += n < count;
        }
    return keys;
}

static const struct breakdown *find(const char *const *names, int count)
{
    int named;
    for (size_t i = 0; i < sizeof legal / sizeof *legal; i++)
        if (count_keys(&legal[i], names, count, &named) == count && named == count)
            return &legal[i];
    return NULL;
}

static bool is_modelled(const char *name)
{
    int named = 0;
    for (size_t i = 0; i < sizeof legal / sizeof *legal && named == 0; i++)
        (void)count_keys(&legal[i], &name, 1, &named);
    return named > 0;
}

static bool check_names(struct request *r, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (!known_field(KNOWN_BREAKDOWNS, names[i]))
            request_error(r, 400, 100, 0, "(#100) breakdowns[%d] must be one of Meta's breakdowns; it is %s", i,
                          names[i]);
        else if (!is_modelled(names[i]))
            request_error(r, 400, 100, 0, "(#100) The sandbox has no breakdown %s", names[i]);
        if (request_failed(r))
            return false;
    }
    return true;
}

const struct breakdown *breakdown_read(struct request *r)
{
    const char *names[ASKED_MAX], *actions[ASKED_MAX];
    int count = params_list(&r->params, "breakdowns", &r->arena, names, ASKED_MAX);
    int action_count = params_list(&r->params, "action_breakdowns", &r->arena, actions, ASKED_MAX);
    if (count < 0 || action_count < 0) {
        request_error(r, 400, 100, 0, "(#100) Param breakdowns must be an array");
        return NULL;
    }
    if (action_count > 1 || (action_count == 1 && strcmp(actions[0], "action_type") != 0)) {
        request_error(r, 400, 100, 0, "(#100) The sandbox has no action breakdown but action_type");
        return NULL;
    }
    if (!check_names(r, names, count))
        return NULL;
    const struct breakdown *d = find(names, count);
    if (d == NULL)
        request_error(r, 400, 2, 1504041,
                      "(#2) Current combination of data breakdown columns (action_type, %s, …) is invalid", names[0]);
    return d;
}

const struct breakdown *breakdown_by_hour(void)
{
    return &legal[1];
}

int breakdown_cells(const struct breakdown *d)
{
    return (d->axes[0] != NULL ? d->axes[0]->count : 1) * (d->axes[1] != NULL ? d->axes[1]->count : 1);
}

bool breakdown_is_none(const struct breakdown *d)
{
    return d->axes[0] == NULL;
}

bool breakdown_is_hourly(const struct breakdown *d)
{
    return d->hourly;
}

bool breakdown_hides_off_meta(const struct breakdown *d)
{
    return d->hides_off_meta;
}

/* Every ad has its own mix; who buys is another mix than who sees. */
static void weigh(const struct breakdown *d, uint64_t key, int64_t *delivery, int64_t *conversions)
{
    const struct axis *first = d->axes[0], *second = d->axes[1];
    int inner = second != NULL ? second->count : 1;
    for (int cell = 0; cell < first->count * inner; cell++) {
        uint64_t roll = dice_roll(key, 600 + (uint64_t)cell);
        int weight = first->cells[cell / inner].weight * (second != NULL ? second->cells[cell % inner].weight : 1);
        delivery[cell] = weight * dice_between(roll, 40, 160);
        conversions[cell] = weight * dice_between(roll >> 24, 40, 160);
    }
}

void breakdown_split(const struct breakdown *d, const struct account *a, int ad, date_t day,
                     const struct observation *o, const struct fact *f, struct fact *cells)
{
    int64_t delivery[CELLS_MAX], conversions[CELLS_MAX];
    if (breakdown_is_none(d)) {
        cells[0] = *f;
        return;
    }
    uint64_t key = dice_roll(a->entities[LEVEL_AD][ad].key, 2000000 + (uint64_t)day);
    if (d->hourly)
        hours_weights(a, key, day, o, delivery, conversions);
    else
        weigh(d, key, delivery, conversions);
    cells_split(f, key, delivery, conversions, breakdown_cells(d), cells);
}

bool breakdown_is_told(const struct breakdown *d, uint64_t key, date_t day, int cell, const struct fact *f)
{
    uint64_t roll = dice_roll(dice_roll(key, 3000000 + (uint64_t)day), (uint64_t)cell);
    return !breakdown_is_none(d) && (!d->hourly || f->impressions > 0 || dice_permille(roll, 500));
}

static void write_hour(struct buf *b, const char *key, int hour)
{
    buf_addf(b, ",\"%s\":\"%02d:00:00 - %02d:59:59\"", key, hour, hour);
}

static void write_axis(struct buf *b, const struct axis *axis, int cell)
{
    for (int k = 0; k < KEYS_MAX && axis->keys[k] != NULL; k++) {
        buf_add_char(b, ',');
        text_pair(b, axis->keys[k], axis->cells[cell].values[k]);
    }
}

void breakdown_write(struct buf *b, const struct breakdown *d, int cell)
{
    int inner = d->axes[1] != NULL ? d->axes[1]->count : 1;
    if (d->hourly) {
        write_hour(b, d->axes[0]->keys[0], cell);
        return;
    }
    write_axis(b, d->axes[0], cell / inner);
    if (d->axes[1] != NULL)
        write_axis(b, d->axes[1], cell % inner);
}
