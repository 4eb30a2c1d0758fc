#include "common/provider/meta/meta_cursor.h"
#include "common/base/str.h"
#include <ctype.h>
#include <strings.h>

enum { AFTER_BYTES_MAX = 4000 };

static const char letters[META_LISTING_COUNT] = {'c', 's', 'a', 'l', 'i', 'n', 'x', 't', 'r', 'w', 'g', 'b'};

static enum meta_listing first_listing(const struct slice *s)
{
    switch (s->kind) {
    case SLICE_FACTS:
        if (s->report != NULL)
            return META_REPORT_ROWS;
        if (s->lookup_count > 0)
            return META_BY_CAMPAIGN;
        return s->in_parts ? META_NUMBERS : META_INSIGHTS;
    case SLICE_TOTALS:
        return META_TOTALS;
    case SLICE_LOOKUPS:
        return META_LOOKUPS;
    case SLICE_REPORT:
        return META_REPORT;
    case SLICE_CAMPAIGNS:
        return META_CAMPAIGNS_SEEN;
    case SLICE_ENTITIES:
        break;
    }
    return META_CAMPAIGNS;
}

static bool belongs_to(enum meta_listing listing, const struct slice *s)
{
    if (s->kind == SLICE_ENTITIES)
        return listing <= META_ADS;
    return listing == first_listing(s) || (listing == META_ACTIONS && s->kind == SLICE_FACTS && s->in_parts);
}

int meta_cursor_read(const char *text, const struct slice *s, struct meta_cursor *out, struct err *e)
{
    const char *letter;

    *out = (struct meta_cursor){.listing = first_listing(s), .after = ""};
    if (text == NULL)
        return 0;
    letter = text[0] != '\0' ? memchr(letters, text[0], sizeof letters) : NULL;
    if (letter == NULL || text[1] < '0' || text[1] > '0' + META_NO_FILTER ||
        !belongs_to((enum meta_listing)(letter - letters), s))
        return err_set(e, ERR_GONE, "the stored cursor is not one of this version");
    out->listing = (enum meta_listing)(letter - letters);
    out->step = (enum meta_step)(text[1] - '0');
    out->after = text + 2;
    return 0;
}

const char *meta_cursor_text(const struct meta_cursor *c, struct arena *a)
{
    return arena_printf(a, "%c%d%s", letters[c->listing], (int)c->step, c->after);
}

/* Scheme, host and port of both are the same. */
static bool same_host(const char *url, const char *graph_url)
{
    const char *host = strstr(graph_url, "://");
    size_t len = host != NULL ? (size_t)(host - graph_url) + 3 : 0;

    len += strcspn(graph_url + len, "/?#");
    return strncasecmp(url, graph_url, len) == 0 && (url[len] == '/' || url[len] == '?');
}

static int hex_digit(char c)
{
    if (!isxdigit((unsigned char)c))
        return -1;
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* The decoded parameter `after` of a URL; NULL when there is none. */
static const char *after_of(const char *url, struct arena *a)
{
    const char *at = strchr(url, '?'), *end;
    char *out;
    size_t len = 0;

    while (at != NULL && !str_starts(at + 1, "after="))
        at = strchr(at + 1, '&');
    if (at == NULL)
        return NULL;
    at += sizeof "?after=" - 1;
    end = at + strcspn(at, "&#");
    out = arena_alloc(a, (size_t)(end - at) + 1);
    for (; out != NULL && at < end; at++) {
        int high = *at == '%' && end - at > 2 ? hex_digit(at[1]) : -1;
        int low = high >= 0 ? hex_digit(at[2]) : -1;

        out[len++] = (char)(low >= 0 ? high * 16 + low : *at);
        at += low >= 0 ? 2 : 0;
    }
    return out;
}

static bool is_usable(const char *after)
{
    for (const char *c = after; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~')
            return false;
    }
    return *after != '\0';
}

static int too_long(struct err *e)
{
    return err_set(e, ERR_LIMIT, "the cursor of the next page has more than %d bytes", AFTER_BYTES_MAX);
}

int meta_cursor_next(const json_t *root, const char *graph_url, const char *used, struct arena *a, const char **after,
                     struct err *e)
{
    const json_t *paging = json_object_get(root, "paging");
    const json_t *next = json_object_get(paging, "next");
    const json_t *cursor = json_object_get(json_object_get(paging, "cursors"), "after");

    *after = NULL;
    if (next == NULL || json_is_null(next))
        return 0;
    if (!json_is_string(next))
        return err_set(e, ERR_ANSWER, "paging.next is no text");
    if (json_string_length(cursor) > AFTER_BYTES_MAX)
        return too_long(e);
    if (json_is_string(cursor))
        *after = arena_str(a, json_string_value(cursor));
    else if (graph_url != NULL && same_host(json_string_value(next), graph_url))
        *after = after_of(json_string_value(next), a);
    if (a->overflow)
        return err_set(e, ERR_LIMIT, "a page needs too much memory");
    if (*after != NULL && strlen(*after) > AFTER_BYTES_MAX)
        return too_long(e);
    if (*after == NULL || !is_usable(*after))
        return err_set(e, ERR_ANSWER, "there is a next page, but no usable cursor for it");
    if (strcmp(*after, used) == 0)
        return err_set(e, ERR_ANSWER, "the cursor of the next page is the one that led to this page");
    return 0;
}
