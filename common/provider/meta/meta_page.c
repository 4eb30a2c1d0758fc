#include "common/provider/meta/meta_page.h"
#include "common/provider/meta/meta_campaigns.h"
#include "common/provider/meta/meta_cursor.h"
#include "common/provider/meta/meta_entities.h"
#include "common/provider/meta/meta_facts.h"
#include "common/provider/meta/meta_lookups.h"
#include "common/provider/meta/meta_reports.h"
#include "common/provider/meta/meta_request.h"
#include "common/provider/meta/meta_totals.h"
#include "common/provider/meta/meta_verdict.h"

/* A page's rows in memory: so many bytes, and so many more for each byte of the answer. */
enum { ROWS_MAX = 20000, PAGE_SLACK_BYTES = 16 << 20, PAGE_BYTES_PER_BYTE = 4 };

/* Rows of a page. Whole days of an account are cheap for Meta: one call for their whole range. */
static int page_limit(const struct slice *s)
{
    if (s->kind == SLICE_TOTALS)
        return META_TOTALS_ROWS;
    return s->kind == SLICE_ENTITIES && s->page_limit > META_LISTING_ROWS ? META_LISTING_ROWS : s->page_limit;
}

int meta_page_request(const struct provider_config *c, const struct slice *s, const char *cursor,
                      const struct secret *token, struct http_request *out, struct err *e)
{
    struct meta_cursor at;
    struct buf url;
    const char *campaign = NULL, *after;
    char limit[16];
    int place, rc = meta_cursor_read(cursor, s, &at, e);

    if (rc == 0 && at.listing == META_BY_CAMPAIGN) {
        rc = meta_campaign_place(s, &at, &place, &after, e);
        campaign = rc == 0 ? s->lookups[place].external_id : NULL;
    } else {
        after = at.after;
    }
    if (rc != 0)
        return rc;
    if (s->kind == SLICE_LOOKUPS)
        return meta_lookup_request(c, s, &at, token, out, e);
    if (s->kind == SLICE_REPORT)
        return meta_report_request(c, s, &at, token, out, e);
    meta_url_start(&url, c, s->report != NULL ? s->report : s->account, meta_listing_edge(at.listing));
    switch (s->kind) {
    case SLICE_FACTS:
        if (s->report == NULL) /* it knows what it was asked for */
            meta_facts_params(&url, s, at.listing);
        break;
    case SLICE_TOTALS:
        meta_totals_params(&url, s);
        break;
    case SLICE_CAMPAIGNS:
        meta_campaigns_params(&url, s);
        break;
    case SLICE_ENTITIES:
        meta_entities_params(&url, at.listing);
        break;
    case SLICE_LOOKUPS:
    case SLICE_REPORT:
        break;
    }
    meta_listing_filter(&url, at.listing, at.step, s->since_s, campaign);
    (void)snprintf(limit, sizeof limit, "%d", page_limit(s));
    meta_url_param(&url, "limit", limit);
    if (*after != '\0')
        meta_url_param(&url, "after", after);
    return meta_url_finish(&url, c, token, out, e);
}

/* Where the slice goes on after this page; *next NULL when it ends. */
static int find_next(const struct provider_config *c, const struct meta_cursor *at, const json_t *root, struct page *p,
                     struct err *e)
{
    struct meta_cursor next = *at;
    int rc = meta_cursor_next(root, c->graph_url, at->after, &p->arena, &next.after, e);

    if (rc != 0)
        return rc;
    if (next.after == NULL) {
        if (at->listing >= META_ADS && at->listing != META_NUMBERS)
            return 0;
        next = (struct meta_cursor){.listing = at->listing + 1, .after = ""};
    }
    p->next = meta_cursor_text(&next, &p->arena);
    return p->next != NULL ? 0 : err_set(e, ERR_LIMIT, "a page needs too much memory");
}

/* The next page of this campaign, else the first of the next one. */
static int find_next_by_campaign(const struct provider_config *c, const struct slice *s, const struct meta_cursor *at,
                                 const json_t *root, struct page *p, struct err *e)
{
    struct meta_cursor next = *at;
    const char *used, *after;
    int place, rc = meta_campaign_place(s, at, &place, &used, e);

    if (rc == 0)
        rc = meta_cursor_next(root, c->graph_url, used, &p->arena, &after, e);
    if (rc != 0 || (after == NULL && ++place == s->lookup_count))
        return rc;
    next.after = meta_campaign_after(place, after != NULL ? after : "", &p->arena);
    p->next = next.after != NULL ? meta_cursor_text(&next, &p->arena) : NULL;
    return p->next != NULL ? 0 : err_set(e, ERR_LIMIT, "a page needs too much memory");
}

static int read_rows(const struct provider_config *c, const struct slice *s, const struct meta_cursor *at,
                     const json_t *root, struct page *p, struct err *e)
{
    const json_t *data = json_object_get(root, "data");
    int rc;

    if (!json_is_array(data))
        return err_set(e, ERR_ANSWER, "the answer has no list named data");
    if (json_array_size(data) > ROWS_MAX)
        return err_set(e, ERR_LIMIT, "a page of %zu rows, more than %d", json_array_size(data), ROWS_MAX);
    rc = at->listing == META_BY_CAMPAIGN ? find_next_by_campaign(c, s, at, root, p, e) : find_next(c, at, root, p, e);
    if (rc != 0)
        return rc;
    switch (s->kind) {
    case SLICE_FACTS:
        return meta_facts_read(s, at->listing, data, p, e);
    case SLICE_TOTALS:
        return meta_totals_read(s, data, p, e);
    case SLICE_CAMPAIGNS:
        return meta_campaigns_read(data, p, e);
    case SLICE_ENTITIES:
    case SLICE_LOOKUPS:
    case SLICE_REPORT:
        break;
    }
    return meta_entities_read(s, at->listing, data, p, e);
}

/* Error 100 to a question with a status filter: an empty page, and the same listing again with the filter a step down.
 */
static void step_down(const struct slice *s, const struct meta_cursor *at, struct page *p, struct verdict *v)
{
    struct meta_cursor next = {.listing = at->listing, .step = at->step + 1, .after = ""};

    if (v->rc != ERR_BAD_REQUEST || v->code != 100 || at->step == META_NO_FILTER || at->listing == META_TOTALS ||
        at->listing == META_REPORT_ROWS)
        return;
    if (at->listing == META_BY_CAMPAIGN) {
        const char *after;
        int place;

        next.after =
            meta_campaign_place(s, at, &place, &after, NULL) == 0 ? meta_campaign_after(place, "", &p->arena) : NULL;
        if (next.after == NULL)
            return;
    }
    p->next = meta_cursor_text(&next, &p->arena);
    v->rc = p->next != NULL ? 0 : ERR_LIMIT;
}

void meta_page_read(const struct provider_config *c, const struct slice *s, const char *cursor,
                    const struct http_answer *a, struct page *out, struct verdict *v)
{
    struct err e = {0};
    struct meta_cursor at;
    json_t *root = meta_verdict_read(a, s->account, v);
    int rc;

    *out = (struct page){0};
    arena_init(&out->arena, a->body.len * PAGE_BYTES_PER_BYTE + PAGE_SLACK_BYTES);
    rc = meta_cursor_read(cursor, s, &at, &e);
    if (rc == 0 && s->kind == SLICE_LOOKUPS)
        rc = meta_lookup_read(s, &at, root, out, v, &e);
    else if (rc == 0 && s->report != NULL && (root == NULL || s->kind == SLICE_REPORT))
        rc = meta_report_look(root, out, v, &e);
    else if (rc == 0 && root == NULL)
        step_down(s, &at, out, v);
    else if (rc == 0 && s->kind == SLICE_REPORT)
        rc = meta_report_made(root, out, &e);
    else if (rc == 0)
        rc = read_rows(c, s, &at, root, out, &e);
    if (rc == ERR_LIMIT && out->arena.overflow)
        (void)err_set(&e, rc, "the rows of the page need more than %zu bytes", out->arena.max);
    if (rc != 0)
        meta_verdict_fail(v, &e);
    json_decref(root);
    if (v->rc != 0)
        page_clear(out);
}
