/* Rows are written straight into the answer, bucket by bucket, within one object by object, of an object cell by cell
 * of the breakdown. A position in the list is (bucket x objects + object) x cells + cell, so that a page begins where
 * the last one ended without looking at what came before. */
#include "tests/sandbox/insights.h"
#include "common/base/check.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/filter.h"
#include "tests/sandbox/insight_fields.h"
#include "tests/sandbox/paging.h"
#include "tests/sandbox/text.h"

#define BREAKDOWN_MONTHS 13
#define ALIVE (WINDOW_1D_CLICK | WINDOW_7D_CLICK | WINDOW_1D_VIEW) /* windows that bring off-Meta actions back */

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
    const struct breakdown *breakdown;
    int cells;
    bool no_unique; /* reach and the like are not told */
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

/* Of breakdowns Meta keeps less: hours for 13 months, and numbers of unique people (S20). */
static bool check_age(struct query *q)
{
    date_t first = q->ranges.count > 0 ? q->ranges.list[0].from : q->observation.today;
    for (int i = 1; i < q->ranges.count; i++)
        first = q->ranges.list[i].from < first ? q->ranges.list[i].from : first;
    bool old = first < date_add_months(q->observation.today, -BREAKDOWN_MONTHS);
    q->no_unique = breakdown_is_hourly(q->breakdown) || (old && !breakdown_is_none(q->breakdown));
    if (!old || !breakdown_is_hourly(q->breakdown))
        return true;
    request_error(q->request, 400, 3018, 0,
                  "(#3018) The start date of the time range cannot be beyond %d months from the current date with "
                  "hourly breakdowns",
                  BREAKDOWN_MONTHS);
    return false;
}

static bool read_query(struct request *r, struct query *q)
{
    struct account *a = r->node.account;
    const struct entity *node = ref_entity(&r->node);
    *q = (struct query){.request = r, .account = a, .observation = facts_observe(a, r->now_ms)};
    if (!read_level(r, q) || !read_windows(r, q) || !insight_select(r, &q->fields))
        return false;
    q->breakdown = breakdown_read(r);
    if (q->breakdown == NULL || !filters_read(r, LEVEL_AD, true, &q->filters) ||
        !ranges_read(r, q->observation.today, &q->ranges) || !check_age(q))
        return false;
    q->cells = breakdown_cells(q->breakdown);
    bool whole = q->level == LEVEL_ACCOUNT;
    q->first = node != NULL ? node->first[q->level] : 0;
    q->objects = whole ? 1 : node != NULL ? node->count[q->level] : a->counts[q->level];
    q->counted = arena_alloc(&r->arena, (size_t)a->counts[LEVEL_AD] + 1);
    CHECK(q->counted != NULL);
    for (int i = 0; i < a->counts[LEVEL_AD]; i++)
        q->counted[i] = filters_pass(&q->filters, a, LEVEL_AD, i);
    return true;
}

/* From the first of its days to the last. */
static struct range whole_range(const struct query *q)
{
    struct range days = {q->observation.today, q->observation.today};
    for (int i = 0; i < q->ranges.count; i++) {
        days.from = i == 0 || q->ranges.list[i].from < days.from ? q->ranges.list[i].from : days.from;
        days.to = i == 0 || q->ranges.list[i].to > days.to ? q->ranges.list[i].to : days.to;
    }
    return days;
}

/* Deleted objects have rows of their own only when states are named; totals above them always contain them. */
static bool hidden(const struct query *q, int index)
{
    if (q->level == LEVEL_ACCOUNT)
        return false;
    const struct entity *x = &q->account->entities[q->level][index];
    return x->gone || (x->effective == STATUS_DELETED && !q->filters.by_status);
}

/* The sums over days and ads below the object, for each cell of the breakdown. */
static void sum_cells(const struct query *q, int index, struct range days, struct fact *sums)
{
    struct fact one, cells[CELLS_MAX];
    const struct entity *x = q->level != LEVEL_ACCOUNT ? &q->account->entities[q->level][index] : NULL;
    int first = x != NULL ? x->first[LEVEL_AD] : 0,
        end = first + (x != NULL ? x->count[LEVEL_AD] : q->account->counts[LEVEL_AD]);
    int found = 0;
    for (int i = 0; i < q->cells; i++)
        sums[i] = (struct fact){.overlap = x != NULL && q->level >= LEVEL_ADSET
                                               ? facts_overlap(q->account, x->parent[LEVEL_ADSET])
                                               : OVERLAP_FULL};
    for (int ad = first; ad < end; ad++)
        for (date_t day = days.from; q->counted[ad] && day <= days.to; day++)
            if (facts_of_ad(q->account, ad, day, &q->observation, &one)) {
                breakdown_split(q->breakdown, q->account, ad, day, &q->observation, &one, cells);
                for (int i = 0; i < q->cells; i++)
                    facts_add(&sums[i], &cells[i]);
                found++;
            }
    for (int i = 0; i < q->cells && found > 1; i++) /* the same people, seen by several ads or on several days */
        sums[i].reach = sums[i].reach * 8 / 10;
}

/* Is this more than Meta answers at once (S22)? rows: of the page, 0 for a report. */
static bool is_too_much(const struct query *q, int64_t rows)
{
    struct too_much_question question = {.rows = rows,
                                         .cells = rows > 0 ? (int64_t)q->objects * q->ranges.count : 0,
                                         .fields = rows > 0 ? q->fields.count : 0,
                                         .report = rows == 0};
    struct range days = whole_range(q);
    question.from = days.from;
    question.to = days.to;
    for (int i = 0; i < q->filters.count; i++) {
        const struct filter *f = &q->filters.list[i];
        question.one_campaign |= f->level == LEVEL_CAMPAIGN && f->field == FILTER_ID && f->text_count == 1;
    }
    return q->level == LEVEL_AD && too_much(&q->request->sandbox->too_much, &question);
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
           (r->fault.kind == FAULT_LOSE_DAY &&
            at / ((int64_t)q->objects * q->cells) == (int64_t)(roll >> 8) % q->ranges.count);
}

/* A walk along the rows of the answer. */
struct walk {
    const struct query *q;
    int64_t at, end;
    int64_t summed; /* the object and bucket whose sums these are */
    struct fact sums[CELLS_MAX];
    struct insight_row row; /* at `at`, once walk_to_row() said so */
};

static struct walk walk_from(const struct query *q, int64_t position)
{
    return (struct walk){.q = q,
                         .at = position,
                         .end = (int64_t)q->ranges.count * q->objects * q->cells,
                         .summed = -1,
                         .row = {.account = q->account,
                                 .level = q->level,
                                 .windows = q->windows,
                                 .breakdown = q->breakdown,
                                 .no_unique = q->no_unique,
                                 .no_off_meta = breakdown_hides_off_meta(q->breakdown) && (q->windows & ALIVE) == 0}};
}

/* Goes on to the first row at or after this place; false at the end. */
static bool walk_to_row(struct walk *w)
{
    const struct query *q = w->q;
    struct insight_row *row = &w->row;
    for (; w->at < w->end; w->at++) {
        int64_t place = w->at / q->cells;
        int cell = (int)(w->at % q->cells);
        const struct entity *x;
        row->index = q->first + (int)(place % q->objects);
        row->days = q->ranges.list[place / q->objects];
        if (hidden(q, row->index))
            continue;
        if (place != w->summed)
            sum_cells(q, row->index, row->days, w->sums);
        w->summed = place;
        row->fact = w->sums[cell];
        if (!facts_any(&row->fact) || !filters_pass_numbers(&q->filters, row->fact.impressions, row->fact.spend))
            continue;
        x = q->level != LEVEL_ACCOUNT ? &q->account->entities[q->level][row->index] : NULL;
        row->cell =
            breakdown_is_told(q->breakdown, x != NULL ? x->key : q->account->key, row->days.from, cell, &row->fact)
                ? cell
                : -1;
        return true;
    }
    return false;
}

static void write_page(struct query *q, const struct page *page)
{
    struct request *r = q->request;
    struct walk w = walk_from(q, page->position);
    int64_t next = page->position;
    int rows = 0;
    bool more = false, repeats = r->has_fault && r->fault.kind == FAULT_REPEAT_ROW;
    TEXT_LITERAL(&r->body, "{\"data\":[");
    for (; walk_to_row(&w); w.at++) {
        more = rows == page->limit;
        if (more)
            break;
        if (!is_lost(q, w.at)) {
            text_comma(&r->body);
            insight_write(&r->body, &w.row, &q->fields);
        }
        next = repeats ? w.at : w.at + 1;
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
    if (!read_query(r, &q) || !page_read(r, &page))
        return;
    if (is_too_much(&q, page.limit))
        too_much_answer(r);
    else
        write_page(&q, &page);
}

bool insights_check(struct request *r, struct range *days)
{
    struct query q;
    if (!read_query(r, &q))
        return false;
    *days = whole_range(&q);
    return true;
}

bool insights_all(struct request *r, struct insight_rows *out)
{
    struct query q;
    if (!read_query(r, &q) || is_too_much(&q, 0))
        return false;
    for (struct walk w = walk_from(&q, 0); walk_to_row(&w); w.at++) {
        if (out->count == out->room) {
            out->room = out->room == 0 ? 256 : out->room * 2;
            out->ends = realloc(out->ends, (size_t)out->room * sizeof *out->ends);
            CHECK(out->ends != NULL);
        }
        insight_write(&out->text, &w.row, &q.fields);
        CHECK(!out->text.overflow);
        out->ends[out->count++] = out->text.len;
    }
    return true;
}

void insight_rows_write(struct buf *b, const struct insight_rows *rows, int from, int to)
{
    for (int i = from; i < to; i++) {
        size_t start = i > 0 ? rows->ends[i - 1] : 0;
        text_comma(b);
        buf_add(b, rows->text.data + start, rows->ends[i] - start);
    }
}

void insight_rows_free(struct insight_rows *rows)
{
    buf_free(&rows->text);
    free(rows->ends);
}
