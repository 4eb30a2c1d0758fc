#pragma once
#include "common/base/err.h"
#include "common/base/zone.h"
#include <stdbool.h>
#include <stdint.h>
/* The deterministic world: accounts with campaigns, ad sets and ads, their names, zones, money, states and times. Made
 * from a seed; an account's objects come into being when first asked for. Changes come from /sandbox calls only. */
struct world;

enum level { LEVEL_ACCOUNT, LEVEL_CAMPAIGN, LEVEL_ADSET, LEVEL_AD, LEVEL_COUNT };

/* Meta's words for the states; the first four are the settable ones. */
#define STATUS_TABLE(X)                                                                                                \
    X(ACTIVE)                                                                                                          \
    X(PAUSED)                                                                                                          \
    X(ARCHIVED)                                                                                                        \
    X(DELETED)                                                                                                         \
    X(CAMPAIGN_PAUSED)                                                                                                 \
    X(ADSET_PAUSED) X(IN_PROCESS) X(WITH_ISSUES) X(PENDING_REVIEW) X(DISAPPROVED) X(PREAPPROVED) X(PENDING_BILLING_INFO)
enum status {
#define X(name) STATUS_##name,
    STATUS_TABLE(X)
#undef X
        STATUS_COUNT
};
const char *status_name(enum status s);
bool status_find(const char *name, enum status *out);
bool status_fits(enum status s, enum level level); /* an object of this level can be in this state */

struct objective {
    const char *name, *goal, *optimization_goal;
    enum { DRIVE_PURCHASES, DRIVE_LEADS, DRIVE_INSTALLS, DRIVE_TRAFFIC, DRIVE_REACH, DRIVE_ENGAGEMENT } drive;
};

struct entity {
    uint64_t key;                               /* seeds all that is random about it */
    int parent[LEVEL_COUNT];                    /* index of its campaign, its ad set; own level: itself */
    int first[LEVEL_COUNT], count[LEVEL_COUNT]; /* what is below it, for each deeper level; own level: itself */
    enum status configured, effective;
    bool gone; /* permanently deleted: only totals of its account still know it */
    int64_t created_ms, updated_ms;
    int64_t daily_budget, lifetime_budget; /* minor units; 0 = none */
    date_t first_day, last_day;            /* of delivery, ads only; last_day INT32_MAX: still delivering */
    const struct objective *objective;     /* the campaign's */
    char *name;                            /* NULL until entity_name() */
};

struct account {
    struct world *world;
    int number; /* 1001 is act_1001 */
    uint64_t key;
    char name[64];
    const char *currency, *timezone;
    const struct zone *zone;
    int minor_digits; /* of Meta's minor units and of spend: 2, or 0 */
    int status;       /* account_status: 1 active, 2 disabled, 101 closed */
    bool access;      /* the token may read it */
    int64_t created_ms;
    struct entity *entities[LEVEL_COUNT]; /* by level, NULL until first asked for */
    int counts[LEVEL_COUNT];
};

struct world_config {
    uint64_t seed;
    int accounts, counts[LEVEL_COUNT]; /* per account: campaigns, ad sets, ads */
    date_t anchor;                     /* the day around which objects were made and stopped */
    const char *timezone, *currency;   /* NULL: a mix */
    bool hostile_names;
};

int world_new(const struct world_config *config, struct world **out, struct err *e) MUST_CHECK;
void world_free(struct world *w);
const struct world_config *world_config(const struct world *w);
int world_accounts(const struct world *w);
struct account *world_account(struct world *w, int number); /* with its objects; NULL when there is none */
struct account *world_account_at(struct world *w, int i);   /* the same by position; its objects may not exist yet */

struct ref {
    struct account *account;
    enum level level;
    int index; /* 0 for the account itself */
};
/* "act_1001" or the id of a campaign, ad set or ad. */
bool world_find(struct world *w, const char *id, struct ref *out);
struct entity *ref_entity(const struct ref *r); /* NULL for an account */

#define ID_TEXT 24
const char *entity_id(const struct account *a, enum level level, int index, char out[ID_TEXT]);
const char *entity_name(struct account *a, enum level level, int index); /* borrowed until renamed */
int account_active_ads(const struct account *a);

/* A change from outside at an instant: NULL or -1 leave a property as it is. */
struct entity_change {
    const char *name;
    int status; /* a settable one */
    int64_t daily_budget;
    int gone;
};
void entity_change(const struct ref *r, const struct entity_change *change, int64_t now_ms);

/* What was restated by hand: from then on the chosen days of some ads have other numbers. */
struct restatement {
    int account; /* 0 = all */
    date_t from, to;
    int permille;
    uint64_t key;
};
void world_restate(struct world *w, const struct restatement *r);
const struct restatement *world_restatements(const struct world *w, int *count);
