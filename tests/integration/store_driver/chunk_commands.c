#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/chunk.h"
#include "tests/integration/store_driver/driver.h"
#include <stdlib.h>
#include <string.h>

enum { CHUNKS_MAX = 64, CHUNK_TEXT_MAX = 64 << 20 };

/* Chunks that were opened stay here by their id, as a worker would hold them. */
static struct chunk *held[CHUNKS_MAX];

static struct chunk **slot_of(const char *id)
{
    for (int i = 0; i < CHUNKS_MAX; i++)
        if (held[i] != NULL && strcmp(held[i]->id, id) == 0)
            return &held[i];
    for (int i = 0; i < CHUNKS_MAX; i++)
        if (held[i] == NULL)
            return &held[i];
    CHECK(!"room for a chunk");
}

static void drop(struct chunk **slot)
{
    if (*slot == NULL)
        return;
    chunk_clear(*slot);
    free(*slot);
    *slot = NULL;
}

void chunk_commands_end(void)
{
    for (int i = 0; i < CHUNKS_MAX; i++)
        drop(&held[i]);
}

static const char *const kinds[] = {
    [SLICE_ENTITIES] = "entities", [SLICE_LOOKUPS] = "lookups", [SLICE_FACTS] = "metrics",
    [SLICE_TOTALS] = "totals",     [SLICE_REPORT] = "report",   [SLICE_CAMPAIGNS] = "campaigns"};

/* "ad a1, adset s1" */
static void set_lookups(struct driver *d, const struct chunk *c)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < c->slice.lookup_count; i++)
        buf_addf(&text, "%s%s %s", i > 0 ? ", " : "", c->slice.lookups[i].level, c->slice.lookups[i].external_id);
    set_text(d, "lookups", buf_str(&text));
    buf_free(&text);
}

/* "rung 0, page 250, days 0" */
static void set_shape(struct driver *d, const struct chunk *c)
{
    char text[64];
    (void)snprintf(text, sizeof text, "rung %d, page %d, days %d", (int)c->shape.rung, c->shape.page_limit,
                   c->shape.days_limit);
    set_text(d, "shape", text);
}

/* "report 77, made 1, 2 polls, 30 %, ready" */
static void set_report(struct driver *d, const struct chunk *c)
{
    char text[96];
    (void)snprintf(text, sizeof text, "report %s, made %d, %d polls, %d %%%s", c->report.id, c->report.made,
                   c->report.polls, c->report.percent, c->report.ready ? ", ready" : "");
    set_text(d, "report", c->report.made == 0 ? "" : text);
    set_text(d, "asked_report", c->slice.report);
    set_text(d, "kind", kinds[c->slice.kind]);
}

static void on_opened(void *arg, int rc, struct chunk *c, const struct err *e)
{
    struct driver *d = arg;
    char day[DATE_TEXT];
    CHECK((c != NULL) == (rc == 0));
    if (c != NULL) {
        struct chunk **slot = slot_of(c->id);
        drop(slot);
        *slot = c;
        set_text(d, "run_id", c->run_id);
        set_text(d, "connection_id", c->connection_id);
        set_text(d, "workspace_id", c->workspace_id);
        set_text(d, "provider", c->provider->name);
        set_text(d, "account", c->slice.account);
        set_text(d, "currency", c->slice.currency);
        set_text(d, "timezone", c->timezone);
        set_report(d, c);
        set_int(d, "since", c->slice.since_s);
        set_flag(d, "stubs", c->stubs);
        set_lookups(d, c);
        set_text(d, "from", date_text(c->slice.from, day));
        set_text(d, "to", date_text(c->slice.to, day));
        set_flag(d, "hourly", c->slice.hourly);
        set_text(d, "lane", c->lane);
        set_int(d, "epoch", c->epoch);
        set_int(d, "attempts", c->attempts);
        set_int(d, "deliveries", c->deliveries);
        set_int(d, "page", c->page);
        set_text(d, "cursor", c->cursor);
        set_int(d, "rows", c->rows);
        set_int(d, "calls", c->calls);
        set_text(d, "token_enc", c->token_enc);
        set_flag(d, "checking", c->checking);
        set_flag(d, "reread", c->reread);
        set_shape(d, c);
    }
    reply_end(d, rc, e);
}

static void set_state(struct driver *d, const struct run_state *s)
{
    set_text(d, "status", s->status);
    set_int(d, "chunks_total", s->chunks_total);
    set_int(d, "chunks_done", s->chunks_done);
    set_int(d, "chunks_dead", s->chunks_dead);
    set_int(d, "rows", s->rows);
    set_int(d, "calls", s->calls);
    set_flag(d, "ended", s->ended);
    set_flag(d, "plan", s->plan);
    set_int(d, "inserted", s->inserted);
    set_int(d, "updated", s->updated);
    set_int(d, "unchanged", s->unchanged);
    set_int(d, "removed", s->removed);
}

static void on_merged(void *arg, int rc, const struct run_state *s, const struct err *e)
{
    CHECK((s != NULL) == (rc == 0));
    if (s != NULL)
        set_state(arg, s);
    reply_end(arg, rc, e);
}

static void on_put_back(void *arg, int rc, bool dead, const struct run_state *s, const struct err *e)
{
    set_flag(arg, "dead", dead);
    if (s != NULL)
        set_state(arg, s);
    reply_end(arg, rc, e);
}

static const char *or_zero(const json_t *o, const char *name)
{
    const char *text = text_of(o, name);
    return text == NULL ? "0" : text;
}

static const char *or_object(const json_t *o, const char *name)
{
    const char *text = text_of(o, name);
    return text == NULL ? "{}" : text;
}

static void read_fact(const json_t *o, struct fact_row *f)
{
    *f = (struct fact_row){.campaign_id = text_of(o, "campaign_id"),
                           .adset_id = text_of(o, "adset_id"),
                           .ad_id = text_of(o, "ad_id"),
                           .hour = (int)int_of(o, "hour", -1),
                           .actions_only = flag_of(o, "actions_only"),
                           .spend = or_zero(o, "spend"),
                           .impressions = or_zero(o, "impressions"),
                           .clicks = or_zero(o, "clicks"),
                           .link_clicks = or_zero(o, "link_clicks"),
                           .conversions = or_zero(o, "conversions"),
                           .revenue = or_zero(o, "revenue"),
                           .leads = or_zero(o, "leads"),
                           .installs = or_zero(o, "installs"),
                           .purchases = or_zero(o, "purchases"),
                           .registrations = or_zero(o, "registrations"),
                           .visitors = or_zero(o, "visitors"),
                           .reach = text_of(o, "reach"),
                           .attribution_setting = text_of(o, "attribution_setting"),
                           .actions = or_object(o, "actions"),
                           .action_values = or_object(o, "action_values")};
    CHECK(date_parse(text_of(o, "day"), &f->day));
}

static void read_total(const json_t *o, struct day_total *t)
{
    *t = (struct day_total){.spend = or_zero(o, "spend"),
                            .impressions = or_zero(o, "impressions"),
                            .clicks = or_zero(o, "clicks"),
                            .conversions = or_zero(o, "conversions")};
    CHECK(date_parse(text_of(o, "day"), &t->day));
}

static void read_entity(const json_t *o, struct entity_row *r)
{
    *r = (struct entity_row){.level = text_of(o, "level"),
                             .external_id = text_of(o, "external_id"),
                             .parent_external_id = text_of(o, "parent"),
                             .campaign_external_id = text_of(o, "campaign"),
                             .name = text_of(o, "name"),
                             .status = text_of(o, "status"),
                             .configured_status = text_of(o, "configured_status"),
                             .objective = text_of(o, "objective"),
                             .daily_budget = text_of(o, "daily_budget"),
                             .lifetime_budget = text_of(o, "lifetime_budget"),
                             .created_at = text_of(o, "created_at"),
                             .updated_at = text_of(o, "updated_at"),
                             .details = or_object(o, "details")};
}

/* The rows of a page, as the worker's thread pool makes them. */
static int make_rows(const struct chunk *c, const json_t *list, struct buf *out)
{
    const size_t count = json_array_size(list);
    struct page page = {0};
    struct fact_row *facts = calloc(count + 1, sizeof *facts);
    struct entity_row *entities = calloc(count + 1, sizeof *entities);
    struct day_total *totals = calloc(count + 1, sizeof *totals);
    int *const counts[] = {[SLICE_ENTITIES] = &page.entity_count, [SLICE_LOOKUPS] = &page.entity_count,
                           [SLICE_FACTS] = &page.fact_count,      [SLICE_TOTALS] = &page.total_count,
                           [SLICE_REPORT] = &page.fact_count,     [SLICE_CAMPAIGNS] = &page.entity_count};
    CHECK(facts != NULL && entities != NULL && totals != NULL);
    for (size_t i = 0; i < count; i++)
        switch (c->slice.kind) {
        case SLICE_FACTS:
        case SLICE_REPORT:
            read_fact(json_array_get(list, i), &facts[i]);
            break;
        case SLICE_TOTALS:
            read_total(json_array_get(list, i), &totals[i]);
            break;
        case SLICE_ENTITIES:
        case SLICE_LOOKUPS:
        case SLICE_CAMPAIGNS:
            read_entity(json_array_get(list, i), &entities[i]);
            break;
        }
    page.facts = facts;
    page.entities = entities;
    page.totals = totals;
    *counts[c->slice.kind] = (int)count;
    buf_init(out, CHUNK_TEXT_MAX);
    chunk_rows_copy(c, &page, out);
    CHECK(!out->overflow);
    free(facts);
    free(entities);
    free(totals);
    return c->slice.kind == SLICE_TOTALS ? 0 : (int)count;
}

static enum chunk_fate fate_of(const char *word)
{
    static const char *const words[] = {"retry", "restart", "yield", "dead"};
    for (int i = 0; i < 4; i++)
        if (strcmp(words[i], word) == 0)
            return (enum chunk_fate)i;
    CHECK(!"a fate");
}

static void put_back(struct driver *d, struct chunk *c, const json_t *o)
{
    const char *report = text_of(o, "report");
    c->report.is_new = report != NULL;
    c->report.was_polled = json_object_get(o, "percent") != NULL;
    c->report.percent = (int)int_of(o, "percent", c->report.percent);
    if (report != NULL)
        (void)str_copy(c->report.id, sizeof c->report.id, report);
    struct err why = {0};
    const char *code = text_of(o, "code");
    if (code != NULL)
        (void)err_set(&why, err_from_name(code), "%s", text_of(o, "why"));
    chunk_put_back(d->db, c, fate_of(text_of(o, "fate")), int_of(o, "delay_ms", 0), (int)int_of(o, "max_attempts", 8),
                   (int)int_of(o, "calls", 0), text_of(o, "connection_status"), code == NULL ? NULL : &why, on_put_back,
                   d);
    wait_done(d);
}

static void shrink(struct driver *d, struct chunk *c, const json_t *o)
{
    static const char *const words[] = {[LADDER_PAGE] = "page", [LADDER_CUT] = "cut", [LADDER_RUNG] = "rung"};
    const struct shape shape = {.rung = (enum rung)int_of(o, "rung", 0),
                                .page_limit = (int)int_of(o, "page_limit", 0),
                                .days_limit = (int)int_of(o, "days_limit", 0)};
    char day[DATE_TEXT];
    int step = 0;
    while (strcmp(words[step], text_of(o, "step")) != 0)
        CHECK(++step < LADDER_END);
    chunk_shrink(d->db, c, (enum ladder_step)step, &shape, on_plain, d);
    wait_done(d);
    set_shape(d, c);
    set_report(d, c);
    set_int(d, "page", c->page);
    set_text(d, "cursor", c->cursor);
    set_text(d, "from", date_text(c->slice.from, day));
}

bool chunk_command(struct driver *d, const char *name, const json_t *o)
{
    const char *id = text_of(o, "chunk");
    if (strcmp(name, "open") == 0) {
        chunk_open(d->db, id, "w1", (int)int_of(o, "max_deliveries", 5), int_of(o, "again", 0) != 0, on_opened, d);
        wait_done(d);
        return true;
    }
    const bool stage = strcmp(name, "stage") == 0, merge = strcmp(name, "merge") == 0,
               check = strcmp(name, "check_again") == 0, read = strcmp(name, "read_again") == 0,
               look = strcmp(name, "look_up") == 0;
    if (stage || merge || check || read || look) {
        struct chunk *c = *slot_of(id);
        struct buf rows;
        const int count = make_rows(c, json_object_get(o, "rows"), &rows);
        if (stage)
            chunk_stage(d->db, c, &rows, count, text_of(o, "next"), on_plain, d);
        else if (check)
            chunk_check_again(d->db, c, &rows, count, on_plain, d);
        else if (read)
            chunk_read_again(d->db, c, &rows, on_plain, d);
        else if (look)
            chunk_look_up(d->db, c, &rows, count, on_plain, d);
        else
            chunk_merge(d->db, c, &rows, count, !flag_of(o, "compare"), on_merged, d);
        wait_done(d);
        buf_free(&rows);
        set_int(d, "page", c->page);
        set_text(d, "kind", kinds[c->slice.kind]);
        set_lookups(d, c);
        return true;
    }
    const bool ready = strcmp(name, "report_ready") == 0;
    if (ready || strcmp(name, "report_anew") == 0) {
        struct chunk *c = *slot_of(id);
        (ready ? chunk_report_ready : chunk_report_anew)(d->db, c, on_plain, d);
        wait_done(d);
        set_report(d, c);
        set_int(d, "page", c->page);
        return true;
    }
    if (strcmp(name, "shrink") == 0) {
        shrink(d, *slot_of(id), o);
        return true;
    }
    if (strcmp(name, "put_back") == 0) {
        put_back(d, *slot_of(id), o);
        return true;
    }
    return false;
}
