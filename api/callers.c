#include "api/callers.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <stdlib.h>
#include <string.h>

/* A set-associative table: each name has WAYS places; its own, or else the one silent for longest, is taken. */
enum { SETS = 1024, WAYS = 8, NAME_MAX = 128 };

struct bucket {
    char who[NAME_MAX];
    int64_t milli; /* thousandths of a token left */
    int64_t at_ms;
};

struct callers {
    int64_t burst, per_second;
    struct bucket sets[SETS][WAYS];
};

struct callers *callers_new(int64_t burst, int64_t per_second)
{
    struct callers *c = mem_new(1, sizeof *c);
    c->burst = burst;
    c->per_second = per_second;
    return c;
}

void callers_free(struct callers *c)
{
    free(c);
}

/* FNV-1a */
static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261U;
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 16777619U;
    return h;
}

static struct bucket *bucket_of(struct callers *c, const char *who, int64_t now_ms)
{
    struct bucket *set = c->sets[hash(who) % SETS], *oldest = set;

    for (int i = 0; i < WAYS; i++) {
        if (strcmp(set[i].who, who) == 0)
            return &set[i];
        if (set[i].at_ms < oldest->at_ms)
            oldest = &set[i];
    }
    *oldest = (struct bucket){.milli = c->burst * 1000, .at_ms = now_ms};
    (void)str_copy(oldest->who, sizeof oldest->who, who);
    return oldest;
}

int callers_take(struct callers *c, const char *who, int64_t now_ms)
{
    struct bucket *b = bucket_of(c, who, now_ms);

    b->milli += (now_ms - b->at_ms) * c->per_second;
    if (b->milli > c->burst * 1000)
        b->milli = c->burst * 1000;
    b->at_ms = now_ms;
    if (b->milli < 1000)
        return (int)((1000 - b->milli + c->per_second * 1000 - 1) / (c->per_second * 1000));
    b->milli -= 1000;
    return 0;
}
