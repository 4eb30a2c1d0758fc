#include "tests/sandbox/object_fields.h"
#include "common/base/check.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/facts.h"
#include "tests/sandbox/known_fields.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/times.h"

const char *const object_type_names[LEVEL_COUNT] = {"AdAccount", "Campaign", "AdSet", "Ad"};

/* What a field's writer sees. */
struct object {
    struct buf *b;
    struct account *account;
    enum level level;
    int index;
    int64_t now_ms;
    const struct entity *x; /* NULL for an account */
    const char *key;        /* the field's name */
    const struct selection *inner;
};

struct object_field {
    const char *name;
    unsigned levels; /* a bit for each */
    void (*write)(const struct object *o);
};

enum {
    OF_ACCOUNT = 1,
    OF_CAMPAIGN = 2,
    OF_ADSET = 4,
    OF_AD = 8,
    OF_ENTITIES = 14,
    OF_BELOW_CAMPAIGN = 12,
    OF_PAYERS = 6
};

static void open_key(const struct object *o)
{
    text_comma(o->b);
    buf_add_char(o->b, '"');
    buf_add_str(o->b, o->key);
    TEXT_LITERAL(o->b, "\":");
}

static void put_text(const struct object *o, const char *value)
{
    text_comma(o->b);
    text_pair(o->b, o->key, value);
}

static void put_int(const struct object *o, int64_t value)
{
    open_key(o);
    text_int(o->b, value);
}

/* Minor units: a string of digits. */
static void put_minor(const struct object *o, int64_t value)
{
    open_key(o);
    buf_add_char(o->b, '"');
    text_int(o->b, value);
    buf_add_char(o->b, '"');
}

static void put_raw(const struct object *o, const char *json)
{
    open_key(o);
    buf_add_str(o->b, json);
}

static void put_time(const struct object *o, int64_t at_ms)
{
    char text[TIMES_TEXT];
    put_text(o, times_meta(o->account->zone, at_ms, text));
}

static void write_id(const struct object *o)
{
    char id[ID_TEXT];
    if (o->level == LEVEL_ACCOUNT)
        (void)snprintf(id, sizeof id, "act_%d", o->account->number);
    else
        entity_id(o->account, o->level, o->index, id);
    put_text(o, id);
}

static void write_account_id(const struct object *o)
{
    put_minor(o, o->account->number);
}

static void write_campaign_id(const struct object *o)
{
    char id[ID_TEXT];
    put_text(o, entity_id(o->account, LEVEL_CAMPAIGN, o->x->parent[LEVEL_CAMPAIGN], id));
}

static void write_adset_id(const struct object *o)
{
    char id[ID_TEXT];
    put_text(o, entity_id(o->account, LEVEL_ADSET, o->x->parent[LEVEL_ADSET], id));
}

static void write_name(const struct object *o)
{
    put_text(o, o->x == NULL ? o->account->name : entity_name(o->account, o->level, o->index));
}

static void write_configured(const struct object *o)
{
    put_text(o, status_name(o->x->configured));
}

static void write_effective(const struct object *o)
{
    put_text(o, status_name(o->x->effective));
}

static void write_objective(const struct object *o)
{
    put_text(o, o->x->objective->name);
}

static void write_optimization_goal(const struct object *o)
{
    put_text(o, o->x->objective->optimization_goal);
}

static void write_buying_type(const struct object *o)
{
    put_text(o, "AUCTION");
}

static void write_bid_strategy(const struct object *o)
{
    if (o->x->daily_budget != 0 || o->x->lifetime_budget != 0) /* belongs to who owns the budget */
        put_text(o, o->x->key % 4 == 0 ? "COST_CAP" : "LOWEST_COST_WITHOUT_CAP");
}

static void write_billing_event(const struct object *o)
{
    put_text(o, "IMPRESSIONS");
}

static void write_daily_budget(const struct object *o)
{
    if (o->x->daily_budget != 0)
        put_minor(o, o->x->daily_budget);
}

static void write_lifetime_budget(const struct object *o)
{
    if (o->x->lifetime_budget != 0)
        put_minor(o, o->x->lifetime_budget);
}

static void write_budget_remaining(const struct object *o)
{
    put_minor(o, (o->x->daily_budget + o->x->lifetime_budget) / 3);
}

static void write_special_ad_categories(const struct object *o)
{
    put_raw(o, "[]");
}

static void write_attribution_spec(const struct object *o)
{
    const char *setting = facts_attribution_setting(o->account, o->index);
    put_raw(o, strcmp(setting, "1d_click") == 0   ? "[{\"event_type\":\"CLICK_THROUGH\",\"window_days\":1}]"
               : strcmp(setting, "7d_click") == 0 ? "[{\"event_type\":\"CLICK_THROUGH\",\"window_days\":7}]"
                                                  : "[{\"event_type\":\"CLICK_THROUGH\",\"window_days\":7},{\"event_"
                                                    "type\":\"VIEW_THROUGH\",\"window_days\":1}]");
}

static void write_promoted_object(const struct object *o)
{
    if (o->x->objective->drive == DRIVE_PURCHASES)
        put_raw(o, "{\"pixel_id\":\"600987654321\",\"custom_event_type\":\"PURCHASE\"}");
}

static void write_created(const struct object *o)
{
    put_time(o, o->x != NULL ? o->x->created_ms : o->account->created_ms);
}

static void write_updated(const struct object *o)
{
    put_time(o, o->x->updated_ms);
}

static void write_creative(const struct object *o)
{
    char id[ID_TEXT];
    open_key(o);
    entity_id(o->account, LEVEL_AD, o->index, id);
    id[1] = '4'; /* creatives have numbers of their own */
    buf_addf(o->b, "{\"id\":\"%s\"}", id);
}

static void write_parent(const struct object *o, enum level level)
{
    char id[ID_TEXT];
    open_key(o);
    if (o->inner != NULL)
        object_write(o->b, o->account, level, o->x->parent[level], o->now_ms, o->inner);
    else
        buf_addf(o->b, "{\"id\":\"%s\"}", entity_id(o->account, level, o->x->parent[level], id));
}

static void write_campaign(const struct object *o)
{
    write_parent(o, LEVEL_CAMPAIGN);
}

static void write_adset(const struct object *o)
{
    write_parent(o, LEVEL_ADSET);
}

static void write_currency(const struct object *o)
{
    put_text(o, o->account->currency);
}

static void write_timezone_name(const struct object *o)
{
    put_text(o, o->account->timezone);
}

static void write_timezone_id(const struct object *o)
{
    int64_t id = 0;
    for (const char *at = o->account->timezone; *at != 0; at++)
        id = (id * 31 + *at) % 481;
    put_int(o, id + 1);
}

static void write_timezone_offset(const struct object *o)
{
    int seconds = zone_offset_seconds(o->account->zone, o->now_ms);
    open_key(o);
    text_fixed(o->b, (int64_t)seconds * 100 / 3600, 2); /* a number: 5.75 in Kathmandu */
}

static void write_account_status(const struct object *o)
{
    put_int(o, o->account->status);
}

static void write_zero(const struct object *o)
{
    put_int(o, 0);
}

static void write_zero_money(const struct object *o)
{
    put_minor(o, 0);
}

static void write_amount_spent(const struct object *o)
{
    put_minor(o, dice_between(dice_roll(o->account->key, 21), 100000, 90000000));
}

static void write_min_daily_budget(const struct object *o)
{
    put_int(o, o->account->minor_digits == 0 ? 150 : 100);
}

static void write_business(const struct object *o)
{
    open_key(o);
    buf_addf(o->b, "{\"id\":\"55%08d\",", o->account->number);
    text_pair(o->b, "name", o->account->name);
    buf_add_char(o->b, '}');
}

static void write_age(const struct object *o)
{
    open_key(o);
    text_fixed(o->b, (o->now_ms - o->account->created_ms) / 8640, 4); /* days */
}

static void write_false(const struct object *o)
{
    put_raw(o, "false");
}

static const struct object_field table[] = {
    {"id", OF_ACCOUNT | OF_ENTITIES, write_id},
    {"account_id", OF_ACCOUNT | OF_ENTITIES, write_account_id},
    {"campaign_id", OF_BELOW_CAMPAIGN, write_campaign_id},
    {"adset_id", OF_AD, write_adset_id},
    {"name", OF_ACCOUNT | OF_ENTITIES, write_name},
    {"status", OF_ENTITIES, write_configured},
    {"configured_status", OF_ENTITIES, write_configured},
    {"effective_status", OF_ENTITIES, write_effective},
    {"objective", OF_CAMPAIGN, write_objective},
    {"optimization_goal", OF_ADSET, write_optimization_goal},
    {"buying_type", OF_CAMPAIGN, write_buying_type},
    {"bid_strategy", OF_PAYERS, write_bid_strategy},
    {"billing_event", OF_ADSET, write_billing_event},
    {"daily_budget", OF_PAYERS, write_daily_budget},
    {"lifetime_budget", OF_PAYERS, write_lifetime_budget},
    {"budget_remaining", OF_PAYERS, write_budget_remaining},
    {"special_ad_categories", OF_CAMPAIGN, write_special_ad_categories},
    {"attribution_spec", OF_ADSET, write_attribution_spec},
    {"promoted_object", OF_ADSET, write_promoted_object},
    {"start_time", OF_PAYERS, write_created},
    {"created_time", OF_ACCOUNT | OF_ENTITIES, write_created},
    {"updated_time", OF_ENTITIES, write_updated},
    {"creative", OF_AD, write_creative},
    {"campaign", OF_BELOW_CAMPAIGN, write_campaign},
    {"adset", OF_AD, write_adset},
    {"currency", OF_ACCOUNT, write_currency},
    {"timezone_name", OF_ACCOUNT, write_timezone_name},
    {"timezone_id", OF_ACCOUNT, write_timezone_id},
    {"timezone_offset_hours_utc", OF_ACCOUNT, write_timezone_offset},
    {"account_status", OF_ACCOUNT, write_account_status},
    {"disable_reason", OF_ACCOUNT, write_zero},
    {"amount_spent", OF_ACCOUNT, write_amount_spent},
    {"balance", OF_ACCOUNT, write_zero_money},
    {"spend_cap", OF_ACCOUNT, write_zero_money},
    {"min_daily_budget", OF_ACCOUNT, write_min_daily_budget},
    {"business", OF_ACCOUNT, write_business},
    {"age", OF_ACCOUNT, write_age},
    {"is_prepay_account", OF_ACCOUNT, write_false},
};

static const struct object_field *find(const char *name, enum level level)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if ((table[i].levels >> level & 1) != 0 && strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static struct selection *select_names(struct request *r, enum level level, const char **names, int count);

/* campaign{id,name}: the part in braces selects the fields of the parent. */
static struct selection *select_inner(struct request *r, const char *name, const char *text)
{
    const char *names[SELECTED_MAX];
    size_t len = strlen(text);
    enum level level = strcmp(name, "campaign") == 0 ? LEVEL_CAMPAIGN : LEVEL_ADSET;
    int count = len > 0 && text[len - 1] == '}'
                    ? params_split(arena_strn(&r->arena, text, len - 1), &r->arena, names, SELECTED_MAX)
                    : -1;
    if (strcmp(name, "creative") == 0)
        return arena_alloc(&r->arena, sizeof(struct selection)); /* only its id is known here */
    if (count < 0 || (strcmp(name, "campaign") != 0 && strcmp(name, "adset") != 0)) {
        request_error(r, 400, 2500, 0, "Syntax error \"Field expansion is not supported here\" at %s", name);
        return NULL;
    }
    return select_names(r, level, names, count);
}

static bool select_one(struct request *r, enum level level, const char *text, struct selection *s)
{
    size_t len = strcspn(text, "{.");
    const char *name = arena_strn(&r->arena, text, len);
    const struct object_field *field = find(name, level);
    struct selection *inner = NULL;
    if (!known_field((enum known_node)level, name)) {
        request_error(r, 400, 100, 0, "(#100) Tried accessing nonexisting field (%s) on node type (%s)", name,
                      object_type_names[level]);
        return false;
    }
    if (forbidden_answer(r, name, object_type_names[level]))
        return false;
    if (text[len] != 0) {
        inner = select_inner(r, name, text + len + 1);
        if (inner == NULL)
            return false;
    }
    if (field == NULL)
        return true; /* Meta knows it, there is just no value */
    s->inner[s->count] = inner;
    s->fields[s->count++] = field;
    return true;
}

static struct selection *select_names(struct request *r, enum level level, const char **names, int count)
{
    struct selection *s = arena_alloc(&r->arena, sizeof *s);
    CHECK(s != NULL);
    bool with_id = false;
    for (int i = 0; i < count; i++) {
        with_id = with_id || strcmp(names[i], "id") == 0;
        if (s->count < SELECTED_MAX - 1 && !select_one(r, level, names[i], s))
            return NULL;
    }
    if (!with_id) /* always there */
        s->fields[s->count++] = find("id", level);
    return s;
}

struct selection *object_select(struct request *r, enum level level)
{
    static const char *of_account = "account_id";
    const char *names[SELECTED_MAX];
    int count = params_list(&r->params, "fields", &r->arena, names, SELECTED_MAX);
    if (count < 0) {
        request_error(r, 400, 2500, 0, "Syntax error \"Expected end of string\" in fields");
        return NULL;
    }
    if (count == 0 && level == LEVEL_ACCOUNT)
        return select_names(r, level, &of_account, 1);
    return select_names(r, level, names, count);
}

void object_write(struct buf *b, struct account *a, enum level level, int index, int64_t now_ms,
                  const struct selection *s)
{
    struct object o = {b,    a,   level, index, now_ms, level == LEVEL_ACCOUNT ? NULL : &a->entities[level][index],
                       NULL, NULL};
    buf_add_char(b, '{');
    for (int i = 0; i < s->count; i++) {
        o.key = s->fields[i]->name;
        o.inner = s->inner[i];
        s->fields[i]->write(&o);
    }
    buf_add_char(b, '}');
}
