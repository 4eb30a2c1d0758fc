#include "tests/sandbox/objects.h"
#include "tests/sandbox/filter.h"
#include "tests/sandbox/object_fields.h"
#include "tests/sandbox/paging.h"
#include "tests/sandbox/text.h"

void objects_node(struct request *r)
{
    const struct selection *s = object_select(r, r->node.level);
    if (s != NULL)
        object_write(&r->body, r->node.account, r->node.level, r->node.index, r->now_ms, s);
}

/* ARCHIVED and DELETED objects show only when states are asked for. */
static bool visible(const struct entity *x, const struct filters *f)
{
    return !x->gone && (f->by_status || (x->effective != STATUS_ARCHIVED && x->effective != STATUS_DELETED));
}

void objects_edge(struct request *r, enum level level)
{
    struct page page;
    struct filters filters;
    struct account *a = r->node.account;
    const struct entity *parent = ref_entity(&r->node);
    const struct selection *s = object_select(r, level);
    if (s == NULL || !filters_read(r, level, false, &filters) || !page_read(r, &page))
        return;
    if (r->sandbox->too_much.entity_rows > 0 && page.limit > r->sandbox->too_much.entity_rows) {
        too_much_answer(r);
        return;
    }
    int first = parent != NULL ? parent->first[level] : 0,
        end = first + (parent != NULL ? parent->count[level] : a->counts[level]);
    int rows = 0, i = first + (int)(page.position < end - first ? page.position : end - first), next = i;
    bool more = false;
    TEXT_LITERAL(&r->body, "{\"data\":[");
    for (; i < end; i++) {
        if (!visible(&a->entities[level][i], &filters) || !filters_pass(&filters, a, level, i))
            continue;
        more = rows == page.limit;
        if (more)
            break;
        text_comma(&r->body);
        object_write(&r->body, a, level, i, r->now_ms, s);
        next = i + 1;
        rows++;
    }
    buf_add_char(&r->body, ']');
    page_write(r, &page, rows, next - first, more);
    buf_add_char(&r->body, '}');
}

void objects_accounts(struct request *r)
{
    struct page page;
    struct world *w = r->sandbox->world;
    const struct selection *s = object_select(r, LEVEL_ACCOUNT);
    if (s == NULL || !page_read(r, &page))
        return;
    int rows = 0, end = world_accounts(w);
    int64_t next = page.position;
    bool more = false;
    TEXT_LITERAL(&r->body, "{\"data\":[");
    for (int64_t i = page.position; i < end; i++) {
        struct account *a = world_account_at(w, (int)i);
        if (!a->access || !token_sees(r->token, a->number))
            continue;
        more = rows == page.limit;
        if (more)
            break;
        text_comma(&r->body);
        object_write(&r->body, a, LEVEL_ACCOUNT, 0, r->now_ms, s);
        next = i + 1;
        rows++;
    }
    buf_add_char(&r->body, ']');
    page_write(r, &page, rows, next, more);
    buf_add_char(&r->body, '}');
}
