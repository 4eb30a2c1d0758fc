#include "tests/sandbox/params.h"
#include "common/base/str.h"

struct reading {
    struct params *params;
    struct arena *arena;
};

static void add(struct reading *r, const char *name, const char *value)
{
    struct params *p = r->params;
    if (p->count == PARAMS_MAX || name == NULL || value == NULL)
        return;
    p->items[p->count].name = name;
    p->items[p->count++].value = value;
}

static void on_query(void *arg, const char *name, const char *value)
{
    struct reading *r = arg;
    add(r, arena_str(r->arena, name), arena_str(r->arena, value != NULL ? value : ""));
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c != 0 ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) % 16 : -1;
}

static char *decode(struct arena *a, const char *text, size_t len)
{
    char *out = arena_strn(a, text, len), *to = out;
    for (char *from = out; from != NULL && *from != 0; from++) {
        if (from[0] == '%' && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
            *to++ = (char)(hex_digit(from[1]) * 16 + hex_digit(from[2]));
            from += 2;
        } else {
            *to++ = (char)(*from == '+' ? ' ' : *from);
        }
    }
    if (to != NULL)
        *to = 0;
    return out;
}

static void read_form(struct reading *r, const char *body)
{
    for (const char *at = body; *at != 0;) {
        size_t len = strcspn(at, "&"), name_len = strcspn(at, "=&");
        if (name_len < len)
            add(r, decode(r->arena, at, name_len), decode(r->arena, at + name_len + 1, len - name_len - 1));
        at += len + (at[len] == '&');
    }
}

static void read_json(struct reading *r, const char *body, size_t len)
{
    json_t *root = json_loadb(body, len, 0, NULL), *value;
    const char *name;
    json_object_foreach(root, name, value)
    {
        char *dumped = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        add(r, arena_str(r->arena, name), arena_str(r->arena, dumped != NULL ? dumped : json_string_value(value)));
        free(dumped);
    }
    json_decref(root);
}

void params_read(struct params *p, const struct http_exchange *x, struct arena *a)
{
    struct reading r = {p, a};
    size_t len;
    const char *body = http_body(x, &len);
    p->count = 0;
    http_each_query(x, on_query, &r);
    p->from_query = p->count;
    if (strcmp(http_method(x), "GET") == 0 || len == 0)
        return;
    if (body[0] == '{')
        read_json(&r, body, len);
    else
        read_form(&r, body);
}

void params_read_text(struct params *p, const char *query, const char *form, struct arena *a)
{
    struct reading r = {p, a};
    p->count = 0;
    read_form(&r, query);
    p->from_query = p->count;
    read_form(&r, form);
}

const char *params_get(const struct params *p, const char *name)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->items[i].name, name) == 0)
            return p->items[i].value;
    return NULL;
}

json_t *params_json(const struct params *p, const char *name)
{
    const char *text = params_get(p, name);
    return text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
}

int params_split(const char *text, struct arena *a, const char **items, int max)
{
    int count = 0, depth = 0;
    const char *start = text;
    for (const char *at = text;; at++) {
        depth += (*at == '{') - (*at == '}');
        if (*at != 0 && (*at != ',' || depth != 0))
            continue;
        while (*start == ' ')
            start++;
        if (at > start) {
            if (count == max)
                return -1;
            items[count++] = arena_strn(a, start, (size_t)(at - start));
        }
        start = at + 1;
        if (*at == 0)
            return depth == 0 ? count : -1;
    }
}

int params_list(const struct params *p, const char *name, struct arena *a, const char **items, int max)
{
    const char *text = params_get(p, name);
    if (text == NULL)
        return 0;
    if (text[0] != '[')
        return params_split(text, a, items, max);
    json_t *list = params_json(p, name);
    int count = json_is_array(list) && json_array_size(list) <= (size_t)max ? (int)json_array_size(list) : -1;
    for (int i = 0; i < count; i++) {
        const char *item = json_string_value(json_array_get(list, (size_t)i));
        if (item == NULL)
            count = -1;
        else
            items[i] = arena_str(a, item);
    }
    json_decref(list);
    return count;
}
