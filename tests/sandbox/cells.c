#include "tests/sandbox/cells.h"
#include "tests/sandbox/dice.h"
#include <stddef.h>

#define FIELD(name) offsetof(struct fact, name)

struct division {
    struct fact *cells;
    int count;
    uint64_t key;
};

static int64_t *field(struct fact *f, size_t at)
{
    return (int64_t *)(void *)((char *)f + at);
}

/* One number in proportion to the weights, in steps of `unit`; where there is none all of it goes to the first cell.
 * Chance decides where the roundings fall, lest single events always end up in the last cell. */
static void divide(const struct division *d, size_t at, int64_t total, int64_t unit, const int64_t *weights)
{
    int64_t sum = 0, before = 0, given = 0, steps = total / unit;
    for (int i = 0; i < d->count; i++)
        sum += weights[i];
    int64_t phase = sum > 0 ? dice_between(dice_roll(d->key, at), 0, sum - 1) : 0;
    for (int i = 0; i < d->count; i++) {
        before += weights[i];
        int64_t until = sum > 0 ? (steps * before + phase) / sum : steps;
        *field(&d->cells[i], at) = (until - given) * unit;
        given = until;
    }
    int whole = 0; /* a fraction of a step is not divided */
    while (whole < d->count - 1 && weights[whole] == 0)
        whole++;
    *field(&d->cells[whole], at) += total % unit;
}

/* Weights that are themselves a number of the cells. */
static void divide_as(const struct division *d, size_t at, int64_t total, size_t like)
{
    int64_t weights[CELLS_MAX] = {0};
    for (int i = 0; i < d->count; i++)
        weights[i] = *field(&d->cells[i], like);
    divide(d, at, total, 1, weights);
}

void cells_split(const struct fact *f, uint64_t key, const int64_t *delivery, const int64_t *conversions, int count,
                 struct fact *cells)
{
    const struct division d = {cells, count, key};
    for (int i = 0; i < count; i++)
        cells[i] = (struct fact){.overlap = f->overlap};
    divide(&d, FIELD(impressions), f->impressions, 1, delivery);
    divide_as(&d, FIELD(spend), f->spend, FIELD(impressions));
    divide_as(&d, FIELD(clicks), f->clicks, FIELD(impressions));
    divide_as(&d, FIELD(reach), f->reach, FIELD(impressions));
    divide_as(&d, FIELD(reactions), f->reactions, FIELD(impressions));
    divide_as(&d, FIELD(comments), f->comments, FIELD(impressions));
    divide_as(&d, FIELD(video_views), f->video_views, FIELD(impressions));
    divide_as(&d, FIELD(link_clicks), f->link_clicks, FIELD(clicks));
    divide_as(&d, FIELD(visitors), f->visitors, FIELD(link_clicks));
    divide(&d, FIELD(carts), f->carts, 1, conversions);
    divide(&d, FIELD(checkouts), f->checkouts, 1, conversions);
    divide(&d, FIELD(purchases), f->purchases, 100, conversions);
    divide(&d, FIELD(leads), f->leads, 100, conversions);
    divide(&d, FIELD(installs), f->installs, 100, conversions);
    divide(&d, FIELD(registrations), f->registrations, 100, conversions);
    divide_as(&d, FIELD(revenue), f->revenue, FIELD(purchases));
    for (int i = 0; i < count; i++) { /* the same people, seen in several cells */
        int64_t seen = cells[i].reach * 11 / 10;
        cells[i].reach = seen < cells[i].impressions ? seen : cells[i].impressions;
    }
}
