/* Rows are written straight into the answer, bucket by bucket and within one object by object. A position in the list
 * is bucket x objects + object, so that a page begins where the last one ended without looking at what came before. */
#include "tests/sandbox/insights.h"
#include "common/base/check.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/filter.h"
#include "tests/sandbox/insight_fields.h"
#include "tests/sandbox/paging.h"
#include "tests/sandbox/text.h"

struct query {
    struct request *request;
    struct account *account;
    enum level level;   /* of the rows */
    int first, objects; /* the node's objects of that level */
    struct ranges ranges;
    struct filters filters;
    bool *counted; /* by ad of the account: passes the filters */
    struct insight_selection fields;
    unsigned windows;
    struct observation observation;
};

static bool read_level(struct request *r, struct query *q)
{
    static const char *const names[LEVEL_COUNT] = {"account", "campaign", "adset", "ad"};
    const char *text = params_get(&r->params, "level");
    q->level = r->node.level;
    if (text == NULL)
        return true;
    for (enum level level = r->node.level; level < LEVEL_COUNT; level++)
        if (strcmp(text, names[level]) == 0) {
            q->level = level;
            return true;
        }
    request_error(r, 400, 100, 0,
                  "(#100) Param level must be one of {ad, adset, campaign, account}, not above the object");
    return false;
}

static bool read_windows(struct request *r, struct query *q)
{
    static const struct {
        const char *name;
        unsigned window; /* 0: valid, but dead: it never has data */
    } known[] = {{"1d_click", WINDOW_1D_CLICK},
                 {"7d_click", WINDOW_7D_CLICK},
                 {"28d_click", WINDOW_28D_CLICK},
                 {"1d_view", WINDOW_1D_VIEW},
                 {"1d_ev", WINDOW_1D_EV},
                 {"default", WINDOW_DEFAULT},
                 {"7d_view", 0},
                 {"28d_view", 0}};
    const char *names[32];
    int count = params_list(&r->params, "action_attribution_windows", &r->arena, names, 32);
    bool good = count >= 0;
    for (int i = 0; good && i < count; i++) {
        size_t at = 0;
        while (at < sizeof known / sizeof *known && strcmp(known[at].name, names[i]) != 0)
            at++;
        good = at < sizeof known / sizeof *known;
        q->windows |= good ? known[at].window : 0;
    }
    if (!good)
        request_error(r, 400, 100, 0, "(#100) Param action_attribution_windows has a value that is no window");
    return good;
}

static bool read_breakdowns(struct request *r)
{
    const char *names[16];
    int count = params_list(&r->params, "breakdowns", &r->arena, names, 16);
    int actions = params_list(&r->params, "action_breakdowns", &r->arena, names, 16);
    if (count == 0 && (actions == 0 || (actions == 1 && strcmp(names[0], "action_type") == 0)))
        return true;
    request_error(r, 400, 100, 0, "(#100) The sandbox has no breakdowns but action_type");
    return false;
}

static bool read_query(struct request *r, struct query *q)
{
    struct account *a = r->node.account;
    const struct entity *node = ref_entity(&r->node);
    *q = (struct query){.request = r, .account = a, .observation = facts_observe(a, r->now_ms)};
    if (!read_level(r, q) || !read_windows(r, q) || !read_breakdowns(r) || !insight_select(r, &q->fields) ||
        !filters_read(r, LEVEL_AD, true, &q->filters) || !ranges_read(r, q->observation.today, &q->ranges))
        return false;
    bool whole = q->level == LEVEL_ACCOUNT;
    q->first = node != NULL ? node->first[q->level] : 0;
    q->objects = whole ? 1 : node != NULL ? node->count[q->level] : a->counts[q->level];
    q->counted = arena_alloc(&r->arena, (size_t)a->counts[LEVEL_AD] + 1);
    CHECK(q->counted != NULL);
    for (int i = 0; i < a->counts[LEVEL_AD]; i++)
        q->counted[i] = filters_pass(&q->filters, a, LEVEL_AD, i);
    return true;
}

/* Deleted objects have rows of their own only when states are named; totals above them always contain them. */
static bool hidden(const struct query *q, int index)
{
    if (q->level == LEVEL_ACCOUNT)
        return false;
    const struct entity *x = &q->account->entities[q->level][index];
    return x->gone || (x->effective == STATUS_DELETED && !q->filters.by_status);
}

/* The sum over days and ads below the object; false when there is nothing. */
static bool row_fact(const struct query *q, int index, struct range days, struct fact *sum)
{
    struct fact one;
    const struct entity *x = q->level != LEVEL_ACCOUNT ? &q->account->entities[q->level][index] : NULL;
    int first = x != NULL ? x->first[LEVEL_AD] : 0,
        end = first + (x != NULL ? x->count[LEVEL_AD] : q->account->counts[LEVEL_AD]);
    int found = 0;
    *sum = (struct fact){.overlap = OVERLAP_FULL};
    if (x != NULL && q->level >= LEVEL_ADSET)
        sum->overlap = facts_overlap(q->account, x->parent[LEVEL_ADSET]);
    for (int ad = first; ad < end; ad++)
        for (date_t day = days.from; q->counted[ad] && day <= days.to; day++)
            if (facts_of_ad(q->account, ad, day, &q->observation, &one)) {
                facts_add(sum, &one);
                found++;
            }
    if (found > 1) /* the same people, seen by several ads or on several days */
        sum->reach = sum->reach * 8 / 10;
    return found > 0 && filters_pass_numbers(&q->filters, sum->impressions, sum->spend);
}

/* What Meta, or the way from it, is ordered to lose of this answer; what it says of the whole account stays true. */
static bool is_lost(const struct query *q, int64_t at)
{
    const struct request *r = q->request;
    uint64_t roll;
    if (!r->has_fault || q->level == LEVEL_ACCOUNT)
        return false;
    roll = dice_roll(0x1057, (uint64_t)r->sandbox->faults.struck);
    return (r->fault.kind == FAULT_LOSE_ROWS && dice_roll(roll, (uint64_t)at) % 50 == 0) ||
           (r->fault.kind == FAULT_LOSE_DAY && at / q->objects == (int64_t)(roll >> 8) % q->ranges.count);
}

static void write_rows(struct query *q, const struct page *page)
{
    struct request *r = q->request;
    struct insight_row row = {.account = q->account, .level = q->level, .windows = q->windows};
    int64_t end = (int64_t)q->ranges.count * q->objects, next = page->position;
    int rows = 0;
    bool more = false;
    TEXT_LITERAL(&r->body, "{\"data\":[");
    for (int64_t at = page->position; at < end; at++) {
        row.index = q->first + (int)(at % q->objects);
        row.days = q->ranges.list[at / q->objects];
        if (hidden(q, row.index) || !row_fact(q, row.index, row.days, &row.fact))
            continue;
        more = rows == page->limit;
        if (more)
            break;
        if (!is_lost(q, at)) {
            text_comma(&r->body);
            insight_write(&r->body, &row, &q->fields);
        }
        next = at + 1;
        rows++;
    }
    buf_add_char(&r->body, ']');
    page_write(r, page, rows, next, more);
    buf_add_char(&r->body, '}');
}

void insights_edge(struct request *r)
{
    struct query q;
    struct page page;
    if (read_query(r, &q) && page_read(r, &page))
        write_rows(&q, &page);
}
