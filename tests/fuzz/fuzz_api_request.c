#include "api/caller.h"
#include "api/exact.h"
#include "api/params.h"
#include "api/router.h"
#include "api/schemas.h"
#include "common/base/check.h"
#include "common/base/json_tree.h"
#include "common/base/str.h"
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS = 6, METHOD = 0, PATH, AUTHORIZATION, COOKIE, QUERY, BODY };

/* Six parts with a line end between them; the last takes what is left. */
static void split(const char *text, size_t size, char *field[FIELDS], size_t *body_len)
{
    const char *end = text + size;

    for (int i = 0; i < FIELDS; i++) {
        const char *stop = i < BODY ? memchr(text, '\n', (size_t)(end - text)) : NULL;
        const size_t len = (size_t)((stop != NULL ? stop : end) - text);
        field[i] = str_printf("%.*s", (int)len, text);
        if (i == BODY) { /* it may hold NULs */
            free(field[i]);
            field[i] = malloc(len + 1);
            CHECK(field[i] != NULL);
            memcpy(field[i], text, len);
            field[i][len] = '\0';
            *body_len = len;
        }
        text = stop != NULL ? stop + 1 : end;
    }
}

static void check_errors(struct field_errors *errors)
{
    size_t i;
    json_t *one;

    CHECK(errors->list == NULL || json_array_size(errors->list) > 0);
    json_array_foreach(errors->list, i, one)
    {
        CHECK(json_is_string(json_object_get(one, "field")) && json_object_get(one, "value") != NULL);
        CHECK(json_string_length(json_object_get(one, "message")) > 0);
    }
    char *text = errors->list != NULL ? json_dumps(errors->list, JSON_COMPACT) : NULL;
    CHECK(errors->list == NULL || text != NULL);
    free(text);
    field_errors_clear(errors);
}

static void check_route(const char *method, const char *path)
{
    size_t count;
    const struct route *all = routes_all(&count);
    const struct match m = route_match(all, count, method, path);
    struct buf allow;

    CHECK(m.ws[0] == '\0' || uuid_valid(m.ws));
    CHECK(m.id[0] == '\0' || uuid_valid(m.id));
    CHECK(m.route == NULL || !m.other_method);
    buf_init(&allow, 256);
    route_allow(all, count, path, &allow);
    CHECK(!allow.overflow && (allow.len > 0) == (m.route != NULL || m.other_method));
    buf_free(&allow);
}

/* As name=value&… of every route that has parameters. */
static void check_query(char *query)
{
    size_t count;
    const struct route *all = routes_all(&count);

    for (char *at = query; *at != '\0';) {
        char *end = at + strcspn(at, "&"), *value;
        const bool last = *end == '\0';
        *end = '\0';
        value = strchr(at, '=');
        if (value != NULL)
            *value++ = '\0';
        for (size_t i = 0; i < count; i++) {
            struct field_errors errors = {NULL};
            param_check(all[i].params, at, value, &errors);
            check_errors(&errors);
        }
        at = last ? end : end + 1;
    }
}

static void check_caller(const char *authorization, const char *cookie)
{
    static const char key[] = "a secret of the fuzzer that is long enough";
    static struct secret *secret;
    struct caller caller;
    struct err e = {0};

    if (secret == NULL)
        secret = secret_new(key, strlen(key));
    const int rc = caller_identify(secret, *authorization != '\0' ? authorization : NULL,
                                   *cookie != '\0' ? cookie : NULL, 1700000000, &caller, &e);
    CHECK(rc == 0 || (rc == ERR_UNAUTHORIZED && e.text[0] != '\0' && str_is_utf8(e.text, strlen(e.text))));
    if (rc == 0)
        CHECK(caller.sub[0] != '\0' && caller.exp_s > 1700000000 && caller.everywhere == (caller.workspaces == NULL));
    caller_clear(&caller);
    (void)caller_same_site(authorization, cookie, "https://here.example", &e);
}

struct list {
    const json_t *whole;
    size_t count;
    bool same;
};

static void compare(void *arg, size_t index, const json_t *value)
{
    struct list *l = arg;
    l->same &= index == l->count++ && json_equal(json_array_get(l->whole, index), value);
}

/* One by one or as a whole, a list is the same. */
static void check_each(const char *text, size_t len, const json_t *whole)
{
    struct list l = {.whole = whole, .same = true};

    CHECK(exact_each(text, len, SIZE_MAX, compare, &l) == json_is_array(whole));
    CHECK(!json_is_array(whole) || (l.same && l.count == json_array_size(whole)));
}

static void check_body(const char *text, size_t len)
{
    static const struct schemas *schemas;
    size_t count;
    const struct route *all = routes_all(&count);
    struct err wrong;

    if (schemas == NULL)
        schemas = schemas_new();
    if (json_tree_check(text, len, 16, 16 << 20) != JSON_TREE_FITS)
        return;
    json_t *body = exact_load(text, len, &wrong);
    check_each(text, len, body);
    for (size_t i = 0; body != NULL && i < count; i++) {
        struct field_errors errors = {NULL};
        if (all[i].body == NULL)
            continue;
        schemas_check(schemas, all[i].body, body, &errors);
        check_errors(&errors);
    }
    json_decref(body);
}

/* The input is a request: method, path, Authorization, Cookie, query and body, a line each. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *field[FIELDS];
    size_t body_len = 0;

    split((const char *)data, size, field, &body_len);
    check_route(field[METHOD], field[PATH]);
    check_caller(field[AUTHORIZATION], field[COOKIE]);
    check_query(field[QUERY]);
    check_body(field[BODY], body_len);
    for (int i = 0; i < FIELDS; i++)
        free(field[i]);
    return 0;
}
