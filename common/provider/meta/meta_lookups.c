#include "common/provider/meta/meta_lookups.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_entities.h"
#include "common/provider/meta/meta_request.h"
#include "common/provider/meta/meta_verdict.h"

static int find_place(const struct slice *s, const struct meta_cursor *at, int *place, struct err *e)
{
    int64_t number = 0;

    if ((*at->after != '\0' && !str_to_i64(at->after, 0, INT32_MAX, &number)) || number >= s->lookup_count)
        return err_set(e, ERR_GONE, "the stored cursor means none of %d lookups", s->lookup_count);
    *place = (int)number;
    return 0;
}

int meta_lookup_request(const struct provider_config *c, const struct slice *s, const struct meta_cursor *at,
                        const struct secret *token, struct http_request *out, struct err *e)
{
    struct buf url;
    int place = 0, rc = find_place(s, at, &place, e);

    if (rc != 0)
        return rc;
    meta_url_start(&url, c, s->lookups[place].external_id, NULL);
    meta_entities_params(&url, meta_listing_of(s->lookups[place].level), at->few_fields);
    return meta_url_finish(&url, c, token, out, e);
}

/* 100/33 is an object that is gone; 803, and every other 100 that fewer fields do not mend, an id that means no object
 * of this kind. */
static bool is_gone(const struct verdict *v)
{
    return (v->rc == ERR_NO_ACCESS || v->rc == ERR_BAD_REQUEST) && (v->code == 100 || v->code == 803);
}

static int read_object(const struct slice *s, enum meta_listing listing, bool few_fields, json_t *root, struct page *p,
                       struct err *e)
{
    json_t *data = json_pack("[O]", root);
    int rc = data != NULL ? meta_entities_read(s, listing, few_fields, data, p, e)
                          : err_set(e, ERR_LIMIT, "a page needs too much memory");

    json_decref(data);
    return rc;
}

int meta_lookup_read(const struct slice *s, const struct meta_cursor *at, json_t *root, struct page *p,
                     struct verdict *v, struct err *e)
{
    struct meta_cursor next = *at;
    int place = 0, rc = find_place(s, at, &place, e);
    enum meta_listing listing;

    if (rc != 0)
        return rc;
    listing = meta_listing_of(s->lookups[place].level);
    if (root != NULL) {
        rc = read_object(s, listing, at->few_fields, root, p, e);
        place++;
    } else if (!at->few_fields && meta_entities_have_more(listing) && meta_verdict_of_a_field(v)) {
        next.few_fields = v->stepped_down = true;
    } else if (is_gone(v)) {
        place++;
    } else {
        return 0;
    }
    if (rc != 0)
        return rc;
    v->rc = 0;
    if (place == s->lookup_count)
        return 0;
    next.after = arena_printf(&p->arena, "%d", place);
    p->next = next.after != NULL ? meta_cursor_text(&next, &p->arena) : NULL;
    return p->next != NULL ? 0 : err_set(e, ERR_LIMIT, "a page needs too much memory");
}
