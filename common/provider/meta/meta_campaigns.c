#include "common/provider/meta/meta_campaigns.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_days.h"
#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_request.h"

enum { PLACE_TEXT = 12 };

/* Actions bring campaigns that have nothing else that day. */
void meta_campaigns_params(struct buf *url, const struct slice *s)
{
    meta_days_params(url, "campaign", s);
    meta_url_param(url, "fields", "campaign_id,spend,impressions,actions");
}

int meta_campaigns_read(const json_t *data, struct page *p, struct err *e)
{
    const json_t *row;
    size_t i;

    p->entities = arena_alloc(&p->arena, json_array_size(data) * sizeof *p->entities);
    if (p->entities == NULL)
        return err_set(e, ERR_LIMIT, "a page needs too much memory");
    json_array_foreach(data, i, row)
    {
        struct entity_row *c = &p->entities[i];
        int rc = meta_json_id(row, "campaign_id", &p->arena, &c->external_id, e);

        if (rc == 0 && strspn(c->external_id, "0123456789") != strlen(c->external_id))
            rc = err_set(e, ERR_ANSWER, "campaign_id is no number");
        if (rc != 0)
            return err_wrap(e, "insights row %zu of campaigns", i);
        c->level = "campaign";
        c->name = c->external_id;
        c->details = "{}";
        p->entity_count++;
    }
    return 0;
}

int meta_campaign_place(const struct slice *s, const struct meta_cursor *at, int *place, const char **after,
                        struct err *e)
{
    const size_t len = strcspn(at->after, ":");
    char text[PLACE_TEXT] = "";
    int64_t number = 0;

    *after = at->after[len] == ':' ? at->after + len + 1 : "";
    if (len < sizeof text)
        memcpy(text, at->after, len);
    if ((*at->after != '\0' && !str_to_i64(text, 0, INT32_MAX, &number)) || number >= s->lookup_count)
        return err_set(e, ERR_GONE, "the stored cursor means none of %d campaigns", s->lookup_count);
    *place = (int)number;
    return 0;
}

const char *meta_campaign_after(int place, const char *after, struct arena *a)
{
    return arena_printf(a, "%d:%s", place, after);
}
