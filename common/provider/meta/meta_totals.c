#include "common/provider/meta/meta_totals.h"
#include "common/provider/meta/meta_actions.h"
#include "common/provider/meta/meta_days.h"
#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_request.h"

void meta_totals_params(struct buf *url, const struct slice *s)
{
    meta_days_params(url, "account", s);
    meta_url_param(url, "fields", "spend,impressions,clicks,actions");
}

enum { ACTIONS_BYTES_MAX = 1 << 20 };

static int read_conversions(const json_t *row, struct arena *a, struct day_total *out, struct err *e)
{
    struct meta_measures m;
    struct buf counts, values;
    int rc;

    buf_init(&counts, ACTIONS_BYTES_MAX);
    buf_init(&values, ACTIONS_BYTES_MAX);
    rc = meta_actions_read(json_object_get(row, "actions"), NULL, &m, &counts, &values, e);
    if (rc == 0)
        out->conversions = meta_decimal(&m.conversions, a);
    buf_free(&counts);
    buf_free(&values);
    return rc;
}

static int read_total(const struct slice *s, const json_t *row, struct arena *a, struct day_total *out, struct err *e)
{
    int rc = meta_day_read(s, row, &out->day, e);

    if (rc == 0)
        rc = meta_json_money(row, "spend", a, &out->spend, e);
    if (rc == 0)
        rc = meta_json_count(row, "impressions", a, &out->impressions, e);
    if (rc == 0)
        rc = meta_json_count(row, "clicks", a, &out->clicks, e);
    if (rc == 0)
        rc = read_conversions(row, a, out, e);
    out->impressions = out->impressions != NULL ? out->impressions : "0";
    out->clicks = out->clicks != NULL ? out->clicks : "0";
    return rc;
}

int meta_totals_read(const struct slice *s, const json_t *data, struct page *p, struct err *e)
{
    const json_t *row;
    size_t i;

    p->totals = arena_alloc(&p->arena, json_array_size(data) * sizeof *p->totals);
    if (p->totals == NULL)
        return err_set(e, ERR_LIMIT, "a page needs too much memory");
    json_array_foreach(data, i, row)
    {
        int rc = read_total(s, row, &p->arena, &p->totals[i], e);

        if (rc == 0 && p->arena.overflow)
            rc = err_set(e, ERR_LIMIT, "a page needs too much memory");
        if (rc != 0)
            return err_wrap(e, "total %zu of the account", i);
        p->total_count++;
    }
    return 0;
}
