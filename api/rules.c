#include "api/rules.h"
#include "common/base/arena.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <stdlib.h>
#include <string.h>

enum { RULES_BYTES_MAX = 1 << 20 };

/* All memory there is lives as long as the set. */
struct rule_set {
    struct arena arena;
    const json_t *schemas;
    struct rules *named; /* in the order of schemas */
    json_t *places;      /* owns each rules.known */
};

static void fill(struct rule_set *m, struct rules *r, const json_t *schema);

static void *room(struct rule_set *m, size_t bytes)
{
    void *memory = arena_alloc(&m->arena, bytes);
    CHECK(memory != NULL);
    return memory;
}

/* NULL: there is none. */
static const struct rules *find(const struct rule_set *m, const char *name)
{
    const char *one;
    json_t *schema;
    size_t place = 0;

    json_object_foreach((json_t *)(uintptr_t)m->schemas, one, schema)
    {
        if (strcmp(one, name) == 0)
            return &m->named[place];
        place++;
    }
    return NULL;
}

static const struct rules *inner(struct rule_set *m, const json_t *schema)
{
    static const char prefix[] = "#/components/schemas/";
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    struct rules *r;

    if (schema == NULL)
        return NULL;
    if (ref != NULL) {
        CHECK(str_starts(ref, prefix) && find(m, ref + sizeof prefix - 1) != NULL);
        return find(m, ref + sizeof prefix - 1);
    }
    r = room(m, sizeof *r);
    fill(m, r, schema);
    return r;
}

static unsigned type_of(const char *name)
{
    static const struct {
        const char *name;
        enum rule_type type;
    } all[] = {{"object", TYPE_OBJECT}, {"array", TYPE_ARRAY},     {"string", TYPE_STRING}, {"integer", TYPE_INTEGER},
               {"number", TYPE_NUMBER}, {"boolean", TYPE_BOOLEAN}, {"null", TYPE_NULL}};
    unsigned type = 0;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i].name, name) == 0)
            type = all[i].type;
    CHECK(type != 0);
    return type;
}

static unsigned types_of(const json_t *types)
{
    unsigned set = 0;
    size_t i;
    const json_t *one;

    if (json_is_string(types))
        return type_of(json_string_value(types));
    json_array_foreach(types, i, one) set |= type_of(json_string_value(one));
    return set;
}

static enum rule_format format_of(const char *name)
{
    static const char *const all[] = {[FORMAT_UUID] = "uuid",
                                      [FORMAT_DATE] = "date",
                                      [FORMAT_DATE_TIME] = "date-time",
                                      [FORMAT_DECIMAL] = "decimal",
                                      [FORMAT_COUNT] = "count"};

    for (size_t i = 1; name != NULL && i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i], name) == 0)
            return (enum rule_format)i;
    CHECK(name == NULL);
    return FORMAT_NONE;
}

/* A schema says at most one of the three. */
static bool bound_of(const json_t *schema, const char *const names[3], int64_t *bound)
{
    bool found = false;

    for (int i = 0; i < 3; i++) {
        const json_t *value = json_object_get(schema, names[i]);
        if (value == NULL)
            continue;
        CHECK(!found && json_is_integer(value));
        found = true;
        *bound = json_integer_value(value);
    }
    return found;
}

static void fill_properties(struct rule_set *m, struct rules *r, const json_t *properties)
{
    const char *name;
    json_t *schema;

    CHECK((r->known = json_object()) != NULL && json_array_append_new(m->places, r->known) == 0);
    r->properties = room(m, json_object_size(properties) * sizeof(void *) + 1);
    json_object_foreach((json_t *)(uintptr_t)properties, name, schema)
    {
        const size_t place = json_object_size(r->known);
        r->properties[place] = inner(m, schema);
        CHECK(json_object_set_new(r->known, name, json_integer((json_int_t)place)) == 0);
    }
}

static void fill(struct rule_set *m, struct rules *r, const json_t *schema)
{
    static const char *const least[] = {"minimum", "minLength", "minItems"};
    static const char *const most[] = {"maximum", "maxLength", "maxItems"};

    r->named = json_object_get(schema, "type");
    r->types = types_of(r->named);
    r->words = json_object_get(schema, "enum");
    r->needed = json_object_get(schema, "required");
    r->items = inner(m, json_object_get(schema, "items"));
    r->closed = json_is_false(json_object_get(schema, "additionalProperties"));
    r->write_only = json_is_true(json_object_get(schema, "writeOnly"));
    r->format = format_of(json_string_value(json_object_get(schema, "format")));
    r->has_least = bound_of(schema, least, &r->least);
    r->has_most = bound_of(schema, most, &r->most);
    fill_properties(m, r, json_object_get(schema, "properties"));
}

struct rule_set *rules_make(const json_t *schemas)
{
    struct rule_set *m = mem_new(1, sizeof *m);
    const char *name;
    json_t *schema;
    size_t place = 0;

    *m = (struct rule_set){.schemas = schemas, .places = json_array()};
    CHECK(m->places != NULL);
    arena_init(&m->arena, RULES_BYTES_MAX);
    m->named = room(m, json_object_size(schemas) * sizeof *m->named);
    json_object_foreach((json_t *)(uintptr_t)schemas, name, schema) fill(m, &m->named[place++], schema);
    return m;
}

void rules_free(struct rule_set *m)
{
    arena_free(&m->arena);
    json_decref(m->places);
    free(m);
}

const struct rules *rules_of(const struct rule_set *m, const char *name)
{
    const struct rules *r = find(m, name);
    CHECK(r != NULL);
    return r;
}
