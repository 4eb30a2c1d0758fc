/* What exists. An account's objects are three arrays; children of one parent lie side by side, so that everything below
 * an object is a range. Ids are "12", the level, seven digits of the account's number and six of the index plus one. */
#include "tests/sandbox/world.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/names.h"

#define FIRST_NUMBER 1001
#define RESTATEMENTS_MAX 256
#define NAME_BYTES_MAX 4096
#define DAY_MS INT64_C(86400000)

struct world {
    struct world_config config;
    struct account *accounts;
    struct restatement restatements[RESTATEMENTS_MAX];
    int restatement_count;
};

static const char *const status_names[STATUS_COUNT] = {
#define X(name) #name,
    STATUS_TABLE(X)
#undef X
};

const char *status_name(enum status s)
{
    return status_names[s];
}

bool status_find(const char *name, enum status *out)
{
    for (int i = 0; i < STATUS_COUNT; i++)
        if (strcmp(name, status_names[i]) == 0) {
            *out = (enum status)i;
            return true;
        }
    return false;
}

bool status_fits(enum status s, enum level level)
{
    if (s <= STATUS_DELETED || s == STATUS_IN_PROCESS || s == STATUS_WITH_ISSUES)
        return true;
    return level == LEVEL_AD || (level == LEVEL_ADSET && s == STATUS_CAMPAIGN_PAUSED);
}

/* Meta's own words, new ones before those that old campaigns still carry. */
static const struct objective objectives[] = {
    {"OUTCOME_SALES", "purchases", "OFFSITE_CONVERSIONS", DRIVE_PURCHASES},
    {"OUTCOME_LEADS", "leads", "LEAD_GENERATION", DRIVE_LEADS},
    {"CONVERSIONS", "purchases", "OFFSITE_CONVERSIONS", DRIVE_PURCHASES},
    {"OUTCOME_TRAFFIC", "traffic", "LANDING_PAGE_VIEWS", DRIVE_TRAFFIC},
    {"OUTCOME_SALES", "purchases", "VALUE", DRIVE_PURCHASES},
    {"OUTCOME_APP_PROMOTION", "app_installs", "APP_INSTALLS", DRIVE_INSTALLS},
    {"OUTCOME_AWARENESS", "awareness", "REACH", DRIVE_REACH},
    {"PRODUCT_CATALOG_SALES", "purchases", "OFFSITE_CONVERSIONS", DRIVE_PURCHASES},
    {"OUTCOME_ENGAGEMENT", "engagement", "POST_ENGAGEMENT", DRIVE_ENGAGEMENT},
    {"LINK_CLICKS", "traffic", "LINK_CLICKS", DRIVE_TRAFFIC},
    {"OUTCOME_SALES", "purchases", "OFFSITE_CONVERSIONS", DRIVE_PURCHASES},
    {"LEAD_GENERATION", "leads", "LEAD_GENERATION", DRIVE_LEADS},
    {"VIDEO_VIEWS", "engagement", "THRUPLAY", DRIVE_ENGAGEMENT},
    {"LOCAL_AWARENESS", "other", "REACH", DRIVE_REACH},
};

static const struct {
    const char *timezone, *currency;
} places[] = {
    {"Europe/Berlin", "EUR"},   {"America/Los_Angeles", "USD"}, {"Pacific/Auckland", "NZD"},   {"Asia/Tokyo", "JPY"},
    {"Europe/London", "GBP"},   {"Asia/Kathmandu", "USD"},      {"America/Sao_Paulo", "BRL"},  {"UTC", "USD"},
    {"Europe/Budapest", "HUF"}, {"Pacific/Pago_Pago", "USD"},   {"Pacific/Kiritimati", "AUD"}, {"Asia/Kolkata", "INR"},
};

/* Meta's own table of currencies without minor units; it is not ISO 4217. */
static int minor_digits_of(const char *currency)
{
    static const char *const whole[] = {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(currency, whole[i]) == 0)
            return 0;
    return 2;
}

static int account_init(struct world *w, struct account *a, int i, struct err *e)
{
    size_t place = (size_t)i % (sizeof places / sizeof *places);
    a->world = w;
    a->number = FIRST_NUMBER + i;
    a->key = dice_roll(w->config.seed, (uint64_t)a->number);
    a->timezone = w->config.timezone != NULL ? w->config.timezone : places[place].timezone;
    a->currency = w->config.currency != NULL ? w->config.currency : places[place].currency;
    a->minor_digits = minor_digits_of(a->currency);
    a->status = 1;
    a->access = true;
    a->created_ms = (w->config.anchor - dice_between(dice_roll(a->key, 1), 1000, 2500)) * DAY_MS + 36000000;
    names_account(a->name, sizeof a->name, a->key);
    return zone_get(a->timezone, &a->zone, e);
}

int world_new(const struct world_config *config, struct world **out, struct err *e)
{
    struct world *w = calloc(1, sizeof *w);
    CHECK(w != NULL);
    w->config = *config;
    w->accounts = calloc((size_t)config->accounts, sizeof *w->accounts);
    CHECK(w->accounts != NULL);
    for (int i = 0; i < config->accounts; i++) {
        int rc = account_init(w, &w->accounts[i], i, e);
        if (rc != 0) {
            world_free(w);
            return rc;
        }
    }
    *out = w;
    return 0;
}

void world_free(struct world *w)
{
    if (w == NULL)
        return;
    for (int i = 0; i < w->config.accounts; i++)
        for (enum level level = LEVEL_CAMPAIGN; level <= LEVEL_AD; level++) {
            struct account *a = &w->accounts[i];
            for (int j = 0; a->entities[level] != NULL && j < a->counts[level]; j++)
                free(a->entities[level][j].name);
            free(a->entities[level]);
        }
    free(w->accounts);
    free(w);
}

const struct world_config *world_config(const struct world *w)
{
    return &w->config;
}

int world_accounts(const struct world *w)
{
    return w->config.accounts;
}

/* Hands the objects of a level to their parents: each gets one, the rest falls where the dice say, side by side. */
static void divide(struct account *a, enum level level)
{
    enum level above = (enum level)(level - 1);
    int parents = a->counts[above], children = a->counts[level];
    int *share = calloc((size_t)parents, sizeof *share);
    CHECK(share != NULL);
    for (int i = 0; i < children; i++) {
        uint64_t roll = dice_roll(a->key, (uint64_t)level * 10000000 + (uint64_t)i);
        share[i < parents ? i : dice_between(roll, 0, parents - 1)]++;
    }
    for (int p = 0, next = 0; p < parents; p++) {
        a->entities[above][p].first[level] = next;
        a->entities[above][p].count[level] = share[p];
        for (int i = 0; i < share[p]; i++, next++) {
            struct entity *child = &a->entities[level][next];
            if (level == LEVEL_AD)
                child->parent[LEVEL_CAMPAIGN] = a->entities[LEVEL_ADSET][p].parent[LEVEL_CAMPAIGN];
            child->parent[above] = p;
        }
    }
    free(share);
}

static enum status configured_of(enum level level, int index, uint64_t key)
{
    switch (level) {
    case LEVEL_CAMPAIGN:
        return index % 10 == 7 ? STATUS_PAUSED : index % 30 == 19 ? STATUS_ARCHIVED : STATUS_ACTIVE;
    case LEVEL_ADSET:
        return index % 20 == 9    ? STATUS_ARCHIVED
               : index % 20 == 14 ? STATUS_DELETED
               : index % 20 == 3  ? STATUS_PAUSED
                                  : STATUS_ACTIVE;
    case LEVEL_AD: {
        int64_t d100 = dice_between(dice_roll(key, 2), 0, 99);
        return d100 < 6 ? STATUS_PAUSED : d100 < 10 ? STATUS_ARCHIVED : d100 < 13 ? STATUS_DELETED : STATUS_ACTIVE;
    }
    case LEVEL_ACCOUNT:
    case LEVEL_COUNT:
        break;
    }
    return STATUS_ACTIVE;
}

/* What Meta derives from an object's own switch and those above it. */
static enum status effective_of(const struct account *a, enum level level, const struct entity *x)
{
    enum status worst = x->configured;
    for (enum level up = (enum level)(level - 1); up >= LEVEL_CAMPAIGN; up--) {
        enum status above = a->entities[up][x->parent[up]].configured;
        if (above == STATUS_DELETED || (above == STATUS_ARCHIVED && worst != STATUS_DELETED))
            worst = above;
        else if (above == STATUS_PAUSED && worst == STATUS_ACTIVE)
            worst = up == LEVEL_CAMPAIGN ? STATUS_CAMPAIGN_PAUSED : STATUS_ADSET_PAUSED;
    }
    return worst;
}

static void entity_init(struct account *a, enum level level, int index)
{
    struct entity *x = &a->entities[level][index];
    date_t anchor = a->world->config.anchor;
    int64_t second = dice_between(dice_roll(x->key, 4), 0, 86399) * 1000;
    x->count[level] = 1;
    x->first[level] = index;
    x->configured = configured_of(level, index, x->key);
    x->parent[level] = index;
    if (level == LEVEL_CAMPAIGN) {
        uint64_t roll = dice_roll(x->key, 3);
        x->created_ms = (anchor - dice_between(roll, 400, 900)) * DAY_MS + second;
        size_t count = sizeof objectives / sizeof *objectives;
        x->objective = &objectives[((size_t)index + (size_t)(a->number - FIRST_NUMBER) * 3) % count];
    } else {
        const struct entity *above = &a->entities[level - 1][x->parent[level - 1]];
        bool late = level == LEVEL_AD && dice_permille(dice_roll(x->key, 5), 50);
        int64_t days = late ? 0 : dice_between(dice_roll(x->key, 3), 0, 120);
        x->created_ms = above->created_ms + days * DAY_MS + second + 1000;
        if (late)
            x->created_ms = (anchor - dice_between(dice_roll(x->key, 6), 20, 80)) * DAY_MS + second;
        x->objective = above->objective;
    }
    x->updated_ms = x->created_ms + dice_between(dice_roll(x->key, 7), 0, INT64_C(432000)) * 1000;
    x->effective = effective_of(a, level, x);
    if (x->effective != STATUS_ACTIVE) /* stopped in the fortnight before the anchor */
        x->updated_ms = (anchor - dice_between(dice_roll(x->key, 8), 1, 14)) * DAY_MS + second;
    bool campaign_pays = a->entities[LEVEL_CAMPAIGN][x->parent[LEVEL_CAMPAIGN]].key % 5 < 2;
    if ((level == LEVEL_CAMPAIGN && campaign_pays) || (level == LEVEL_ADSET && !campaign_pays)) {
        int64_t budget = dice_between(dice_roll(x->key, 9), 4, 200) * (a->minor_digits == 0 ? 500 : 250);
        bool lifetime = level == LEVEL_ADSET && dice_permille(dice_roll(x->key, 10), 250);
        *(lifetime ? &x->lifetime_budget : &x->daily_budget) = lifetime ? budget * 30 : budget;
    }
    if (level == LEVEL_AD) {
        x->first_day = zone_day(a->zone, x->created_ms);
        x->last_day = x->effective == STATUS_ACTIVE ? INT32_MAX : zone_day(a->zone, x->updated_ms);
    }
}

static void build(struct account *a)
{
    for (enum level level = LEVEL_CAMPAIGN; level <= LEVEL_AD; level++) {
        a->counts[level] = a->world->config.counts[level];
        a->entities[level] = calloc((size_t)a->counts[level] + 1, sizeof **a->entities);
        CHECK(a->entities[level] != NULL);
        for (int i = 0; i < a->counts[level]; i++)
            a->entities[level][i].key = dice_roll(a->key, (uint64_t)level * 1000000 + (uint64_t)i);
        if (level > LEVEL_CAMPAIGN)
            divide(a, level);
        for (int i = 0; i < a->counts[level]; i++)
            entity_init(a, level, i);
    }
    for (int c = 0; c < a->counts[LEVEL_CAMPAIGN]; c++) {
        struct entity *x = &a->entities[LEVEL_CAMPAIGN][c];
        int last = x->first[LEVEL_ADSET] + x->count[LEVEL_ADSET];
        x->first[LEVEL_AD] = a->entities[LEVEL_ADSET][x->first[LEVEL_ADSET]].first[LEVEL_AD];
        for (int s = x->first[LEVEL_ADSET]; s < last; s++)
            x->count[LEVEL_AD] += a->entities[LEVEL_ADSET][s].count[LEVEL_AD];
    }
}

struct account *world_account(struct world *w, int number)
{
    if (number < FIRST_NUMBER || number >= FIRST_NUMBER + w->config.accounts)
        return NULL;
    struct account *a = &w->accounts[number - FIRST_NUMBER];
    if (a->entities[LEVEL_CAMPAIGN] == NULL)
        build(a);
    return a;
}

struct account *world_account_at(struct world *w, int i)
{
    return &w->accounts[i];
}

bool world_find(struct world *w, const char *id, struct ref *out)
{
    int64_t number;
    bool account = str_starts(id, "act_");
    if (!str_to_i64(account ? id + 4 : id, 0, INT64_MAX, &number))
        return false;
    if (account) {
        *out = (struct ref){world_account(w, number <= INT32_MAX ? (int)number : 0), LEVEL_ACCOUNT, 0};
        return out->account != NULL;
    }
    int64_t index = number % 1000000 - 1, level = number / 10000000000000 % 10;
    if (strlen(id) != 16 || number / 100000000000000 != 12 || level < LEVEL_CAMPAIGN || level > LEVEL_AD)
        return false;
    *out = (struct ref){world_account(w, (int)(number / 1000000 % 10000000)), (enum level)level, (int)index};
    return out->account != NULL && index >= 0 && index < out->account->counts[level];
}

struct entity *ref_entity(const struct ref *r)
{
    return r->level == LEVEL_ACCOUNT ? NULL : &r->account->entities[r->level][r->index];
}

const char *entity_id(const struct account *a, enum level level, int index, char out[ID_TEXT])
{
    int64_t number = 12 * INT64_C(100000000000000) + (int64_t)level * INT64_C(10000000000000) +
                     a->number * INT64_C(1000000) + index + 1;
    for (int i = 15; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    out[16] = 0;
    return out;
}

const char *entity_name(struct account *a, enum level level, int index)
{
    struct entity *x = &a->entities[level][index];
    if (x->name == NULL) {
        struct buf b;
        buf_init(&b, NAME_BYTES_MAX);
        names_write(&b, level, x->key, index, x->objective, a->world->config.hostile_names);
        x->name = str_dup(buf_str(&b));
        buf_free(&b);
    }
    return x->name;
}

int account_active_ads(const struct account *a)
{
    int count = 0;
    for (int i = 0; i < a->counts[LEVEL_AD]; i++)
        count += a->entities[LEVEL_AD][i].effective == STATUS_ACTIVE && !a->entities[LEVEL_AD][i].gone;
    return count;
}

/* Effective states of everything below follow; ads that stop or start to deliver remember the day. */
static void settle(const struct ref *r, bool gone, int64_t now_ms)
{
    struct account *a = r->account;
    const struct entity *top = ref_entity(r);
    for (enum level level = r->level; level <= LEVEL_AD; level++)
        for (int i = top->first[level]; i < top->first[level] + top->count[level]; i++) {
            struct entity *x = &a->entities[level][i];
            enum status before = x->effective;
            x->effective = effective_of(a, level, x);
            x->gone = x->gone || gone;
            if (level == LEVEL_AD && x->effective == STATUS_ACTIVE)
                x->last_day = INT32_MAX;
            else if (level == LEVEL_AD && before == STATUS_ACTIVE)
                x->last_day = zone_day(a->zone, now_ms);
            if (x->effective != before)
                x->updated_ms = now_ms;
        }
}

void entity_change(const struct ref *r, const struct entity_change *change, int64_t now_ms)
{
    struct entity *x = ref_entity(r);
    if (change->name != NULL) {
        free(x->name);
        x->name = str_dup(change->name);
    }
    if (change->status >= 0)
        x->configured = (enum status)change->status;
    if (change->daily_budget >= 0)
        x->daily_budget = change->daily_budget;
    x->updated_ms = now_ms;
    settle(r, change->gone > 0, now_ms);
}

void world_restate(struct world *w, const struct restatement *r)
{
    CHECK(w->restatement_count < RESTATEMENTS_MAX);
    w->restatements[w->restatement_count++] = *r;
}

const struct restatement *world_restatements(const struct world *w, int *count)
{
    *count = w->restatement_count;
    return w->restatements;
}
