#include "tests/sandbox/paging.h"
#include "common/base/str.h"
#include "tests/sandbox/cursor.h"
#include "tests/sandbox/text.h"

#define LIMIT_DEFAULT 25
#define LIMIT_MAX 5000 /* larger ones are cut to it */

static bool is_struck(const struct request *r, enum fault_kind kind)
{
    return r->has_fault && r->fault.kind == kind;
}

bool page_read(struct request *r, struct page *p)
{
    const char *limit = params_get(&r->params, "limit"), *after = params_get(&r->params, "after");
    int64_t asked = LIMIT_DEFAULT;
    *p = (struct page){.query = request_hash(r, false)};
    if (limit != NULL && !str_to_i64(limit, 1, INT32_MAX, &asked)) {
        request_error(r, 400, 100, 0, "(#100) Param limit must be an integer greater than or equal to 1");
        return false;
    }
    p->limit = asked > LIMIT_MAX ? LIMIT_MAX : (int)asked;
    if (is_struck(r, FAULT_SPARSE))
        p->limit = (p->limit + 2) / 3;
    if (is_struck(r, FAULT_EMPTY_PAGE))
        p->limit = 0;
    if (is_struck(r, FAULT_MANY_ROWS))
        p->limit *= 10;
    if (params_get(&r->params, "before") != NULL) {
        request_error(r, 400, 100, 0, "(#100) The sandbox pages forwards only");
        return false;
    }
    int64_t lifetime = r->sandbox->options.cursor_lifetime_ms;
    if (after != NULL && *after != 0 && !cursor_read(after, p->query, r->now_ms, lifetime, &p->position)) {
        request_error(r, 400, 2642, 0, "(#2642) Invalid cursors values");
        return false;
    }
    return true;
}

static void write_next(struct request *r, const char *after)
{
    struct buf url;
    const char *host = http_header(r->x, "Host");
    buf_init(&url, BODY_BYTES_MAX);
    buf_addf(&url, "http://%s/%s", host != NULL ? host : r->sandbox->options.host, r->version);
    for (int i = 0; i < r->segment_count; i++) {
        buf_add_char(&url, '/');
        buf_add_url(&url, r->segments[i]);
    }
    buf_add_str(&url, "?access_token="); /* in clear, however it was sent */
    buf_add_url(&url, r->token_text != NULL ? r->token_text : "");
    for (int i = 0; i < r->params.count; i++) {
        const char *name = r->params.items[i].name;
        if (strcmp(name, "after") == 0 || strcmp(name, "access_token") == 0)
            continue;
        buf_add_char(&url, '&');
        buf_add_url(&url, name);
        buf_add_char(&url, '=');
        buf_add_url(&url, r->params.items[i].value);
    }
    buf_add_str(&url, "&after=");
    buf_add_url(&url, after);
    text_comma(&r->body);
    text_pair(&r->body, "next", buf_str(&url));
    buf_free(&url);
}

void page_write(struct request *r, const struct page *p, int rows, int64_t next, bool more)
{
    char before[CURSOR_TEXT], after[CURSOR_TEXT];
    struct buf *b = &r->body;
    if (is_struck(r, FAULT_ENDLESS) && !more) {
        more = true;
        next++;
    }
    if (rows == 0 && !more) {
        if (r->sandbox->options.empty_paging)
            TEXT_LITERAL(b, ",\"paging\":{}");
        return;
    }
    cursor_make(p->query, p->position, r->now_ms, before);
    cursor_make(p->query, next, r->now_ms - (rows == 0), after); /* that of an empty page is another one */
    if (is_struck(r, FAULT_LOOP) && params_get(&r->params, "after") != NULL) {
        (void)str_copy(after, sizeof after, params_get(&r->params, "after"));
        more = true;
    }
    TEXT_LITERAL(b, ",\"paging\":{\"cursors\":{");
    text_pair(b, "before", before);
    text_comma(b);
    text_pair(b, "after", after);
    buf_add_char(b, '}');
    if (more)
        write_next(r, after);
    buf_add_char(b, '}');
}
