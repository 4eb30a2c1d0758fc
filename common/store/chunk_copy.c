#include "common/io/copy_text.h"
#include "common/store/chunk.h"
#include <stdio.h>

/* The order of the columns is that of the tables chunk_facts and chunk_entities. */

static void copy_place(const struct chunk *c, int ordinal, struct buf *out)
{
    copy_field(out, c->id);
    copy_int(out, c->page);
    copy_int(out, ordinal);
}

static void copy_fact(const struct fact_row *f, struct buf *out)
{
    char day[DATE_TEXT];
    const char *const ids[] = {f->campaign_id, f->adset_id, f->ad_id};
    const char *const rest[] = {f->spend,
                                f->impressions,
                                f->clicks,
                                f->link_clicks,
                                f->conversions,
                                f->revenue,
                                f->leads,
                                f->installs,
                                f->purchases,
                                f->registrations,
                                f->visitors,
                                f->reach,
                                f->attribution_setting,
                                f->actions,
                                f->action_values};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        copy_field(out, ids[i]);
    copy_field(out, date_text(f->day, day));
    copy_int(out, f->hour);
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        copy_field(out, rest[i]);
    copy_field(out, f->actions_only ? "true" : "false");
}

static void copy_entity(const struct entity_row *e, const char *goal, struct buf *out)
{
    const char *const fields[] = {e->external_id, e->level,        e->parent_external_id, e->campaign_external_id,
                                  e->name,        e->status,       e->configured_status,  e->objective,
                                  goal,           e->daily_budget, e->lifetime_budget,    e->created_at,
                                  e->updated_at,  e->details};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        copy_field(out, fields[i]);
}

/* Days and decimals need no escape in JSON. */
static void add_totals(const struct page *p, struct buf *out)
{
    char day[DATE_TEXT];
    for (int i = 0; i < p->total_count; i++) {
        const struct day_total *t = &p->totals[i];
        buf_addf(out, "%c{\"day\":\"%s\",\"spend\":%s,\"impressions\":%s,\"clicks\":%s,\"conversions\":%s}",
                 i == 0 ? '[' : ',', date_text(t->day, day), t->spend, t->impressions, t->clicks, t->conversions);
    }
    buf_add_str(out, p->total_count > 0 ? "]" : "[]");
}

void chunk_rows_copy(const struct chunk *c, const struct page *p, struct buf *out)
{
    if (c->slice.kind == SLICE_TOTALS)
        add_totals(p, out);
    for (int i = 0; i < p->fact_count; i++) {
        copy_place(c, i, out);
        copy_fact(&p->facts[i], out);
        copy_end_row(out);
    }
    for (int i = 0; i < p->entity_count; i++) {
        const struct entity_row *e = &p->entities[i];
        copy_place(c, i, out);
        copy_entity(e, c->provider->goal(e->objective), out);
        copy_end_row(out);
    }
}
