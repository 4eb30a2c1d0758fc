#include "api/router.h"
#include "common/base/str.h"
#include <ctype.h>
#include <string.h>

static bool take_id(const char *part, size_t len, char out[UUID_TEXT])
{
    char text[UUID_TEXT] = "";

    if (len != UUID_TEXT - 1)
        return false;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)tolower((unsigned char)part[i]);
    if (!uuid_valid(text))
        return false;
    return str_copy(out, UUID_TEXT, text);
}

static bool part_fits(const char *pattern, size_t pattern_len, const char *part, size_t len, struct match *m)
{
    if (pattern_len == 4 && memcmp(pattern, "{ws}", 4) == 0)
        return take_id(part, len, m->ws);
    if (pattern_len == 4 && memcmp(pattern, "{id}", 4) == 0)
        return take_id(part, len, m->id);
    return len == pattern_len && memcmp(pattern, part, len) == 0;
}

static bool path_fits(const char *pattern, const char *path, struct match *m)
{
    while (*pattern == '/' && *path == '/') {
        const char *p = pattern + 1, *t = path + 1;
        const size_t p_len = strcspn(p, "/"), t_len = strcspn(t, "/");
        if (!part_fits(p, p_len, t, t_len, m))
            return false;
        pattern = p + p_len;
        path = t + t_len;
    }
    return *pattern == '\0' && *path == '\0';
}

struct match route_match(const struct route *routes, size_t count, const char *method, const char *path)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    bool other = false;

    for (size_t i = 0; i < count; i++) {
        struct match m = {.route = &routes[i]};
        if (!path_fits(routes[i].path, path, &m))
            continue;
        if (strcmp(routes[i].method, wanted) == 0)
            return m;
        other = true;
    }
    return (struct match){.other_method = other};
}

void route_allow(const struct route *routes, size_t count, const char *path, struct buf *out)
{
    struct match m;

    for (size_t i = 0; i < count; i++) {
        if (!path_fits(routes[i].path, path, &m))
            continue;
        buf_addf(out, "%s%s", out->len > 0 ? ", " : "", routes[i].method);
        if (strcmp(routes[i].method, "GET") == 0)
            buf_add_str(out, ", HEAD");
    }
}
