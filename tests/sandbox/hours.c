#include "tests/sandbox/hours.h"
#include "tests/sandbox/dice.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

/* How many of the parts that an observation counts (quarters of an hour) fall under each label. */
static void count_parts(const struct account *a, date_t day, const struct observation *o, int parts[HOURS])
{
    int64_t start = zone_day_start_ms(a->zone, day), length = zone_day_start_ms(a->zone, day + 1) - start;
    int64_t part_ms = HOUR_MS / 4, count = day == o->today ? o->parts_done : length / part_ms;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = start + i * part_ms, clock = i * part_ms;
        if (length != DAY_MS) /* the clock was moved */
            clock = at + zone_offset_seconds(a->zone, at) * INT64_C(1000);
        parts[clock % DAY_MS / HOUR_MS]++;
    }
}

void hours_weights(const struct account *a, uint64_t key, date_t day, const struct observation *o,
                   int64_t delivery[HOURS], int64_t conversions[HOURS])
{
    static const int usual[HOURS] = {22, 14, 9,  7,  8,  14, 28, 44, 52, 55, 56, 58,
                                     62, 60, 57, 56, 58, 63, 72, 84, 92, 88, 66, 40};
    int parts[HOURS] = {0};
    count_parts(a, day, o, parts);
    for (int i = 0; i < HOURS; i++) {
        uint64_t roll = dice_roll(key, 500 + (uint64_t)i);
        bool on = !dice_permille(roll, 120);
        delivery[i] = on ? (int64_t)parts[i] * usual[i] * dice_between(roll >> 16, 60, 140) : 0;
        conversions[i] = parts[i] * dice_between(roll >> 32, 1, 9);
    }
}
