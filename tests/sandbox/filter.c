#include "tests/sandbox/filter.h"
#include "common/base/decimal.h"
#include "common/base/str.h"

#define VALUES_MAX 1000

static const struct {
    const char *name;
    enum filter_field field;
    bool row; /* a number of an insights row */
} fields[] = {
    {"id", FILTER_ID, false},
    {"name", FILTER_NAME, false},
    {"effective_status", FILTER_STATUS, false},
    {"created_time", FILTER_CREATED, false},
    {"updated_time", FILTER_UPDATED, false},
    {"impressions", FILTER_IMPRESSIONS, true},
    {"spend", FILTER_SPEND, true},
};

static const char *const operators[FILTER_OPERATORS] = {
    "IN",           "NOT_IN",
    "EQUAL",        "NOT_EQUAL",
    "GREATER_THAN", "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",    "LESS_THAN_OR_EQUAL",
    "CONTAIN",
};

static bool add_status(struct request *r, const char *name, enum level level, bool insights, unsigned *bits)
{
    enum status s;
    if (!status_find(name, &s) || !status_fits(s, level)) {
        request_error(r, 400, 100, 0,
                      "(#100) Param effective_status must be one of the states of this object; it is %s", name);
        return false;
    }
    if (s == STATUS_DELETED && !insights && r->sandbox->options.deleted_filter_error) {
        request_error(r, 400, 100, 1815001,
                      "(#100) Cannot Request for Deleted Objects: filtering for deleted objects is not "
                      "supported by this edge");
        return false;
    }
    *bits |= 1U << s;
    return true;
}

static bool read_name(const char *text, enum level level, struct filter *f)
{
    static const char *const prefix[LEVEL_COUNT] = {"account.", "campaign.", "adset.", "ad."};
    f->level = level;
    for (enum level up = LEVEL_CAMPAIGN; up <= LEVEL_AD; up++)
        if (str_starts(text, prefix[up])) {
            f->level = up;
            text += strlen(prefix[up]);
            break;
        }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(text, fields[i].name) == 0) {
            f->field = fields[i].field;
            return f->level <= level;
        }
    return false;
}

static bool read_operator(const char *text, struct filter *f)
{
    for (int i = 0; i < FILTER_OPERATORS; i++)
        if (strcmp(text, operators[i]) == 0) {
            f->op = (enum filter_operator)i;
            return true;
        }
    return false;
}

static bool read_number(const char *text, const struct account *a, struct filter *f)
{
    struct decimal d;
    int digits = f->field == FILTER_SPEND ? a->minor_digits : 0;
    if (!decimal_parse(text, &d))
        return false;
    f->number = (int64_t)d.units;
    for (; d.scale > digits; d.scale--)
        f->number /= 10;
    for (; d.scale < digits; d.scale++)
        f->number *= 10;
    return true;
}

/* One of the values of a condition, as text. */
static bool read_value(struct request *r, json_t *value, bool insights, struct filter *f)
{
    const char *text = json_string_value(value);
    if (json_is_number(value))
        text = arena_printf(&r->arena, "%.0f", json_number_value(value));
    if (text == NULL)
        return false;
    switch (f->field) {
    case FILTER_STATUS:
        return add_status(r, text, f->level, insights, &f->statuses);
    case FILTER_ID:
    case FILTER_NAME:
        f->texts[f->text_count++] = arena_str(&r->arena, text);
        return true;
    case FILTER_CREATED:
    case FILTER_UPDATED:
    case FILTER_IMPRESSIONS:
    case FILTER_SPEND:
        return read_number(text, r->node.account, f);
    case FILTER_FIELDS:
        break;
    }
    return false;
}

static bool read_condition(struct request *r, json_t *condition, enum level level, bool insights, struct filter *f)
{
    const char *name = json_string_value(json_object_get(condition, "field"));
    const char *op = json_string_value(json_object_get(condition, "operator"));
    json_t *value = json_object_get(condition, "value");
    if (name == NULL || op == NULL || value == NULL || !read_name(name, level, f) || !read_operator(op, f))
        return false;
    if (!insights && (f->field == FILTER_IMPRESSIONS || f->field == FILTER_SPEND))
        return false;
    f->texts = arena_alloc(&r->arena, VALUES_MAX * sizeof *f->texts);
    if (!json_is_array(value))
        return read_value(r, value, insights, f);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (i == VALUES_MAX || !read_value(r, json_array_get(value, i), insights, f))
            return false;
    return true;
}

static bool read_filtering(struct request *r, enum level level, bool insights, struct filters *f)
{
    if (params_get(&r->params, "filtering") == NULL)
        return true;
    json_t *list = params_json(&r->params, "filtering");
    bool good = json_is_array(list) && json_array_size(list) <= FILTERS_MAX;
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        struct filter *one = &f->list[f->count++];
        *one = (struct filter){.level = level};
        good = read_condition(r, json_array_get(list, i), level, insights, one);
        f->by_status = f->by_status || one->field == FILTER_STATUS;
    }
    json_decref(list);
    if (!good && !request_failed(r))
        request_error(r, 400, 100, 0, "(#100) Filtering field or operator is invalid for this edge");
    return good;
}

bool filters_read(struct request *r, enum level level, bool insights, struct filters *f)
{
    const char *states[STATUS_COUNT * 2], *since = params_get(&r->params, "updated_since");
    int count = insights ? 0 : params_list(&r->params, "effective_status", &r->arena, states, STATUS_COUNT * 2);
    *f = (struct filters){0};
    if (!read_filtering(r, level, insights, f))
        return false;
    if (count < 0 || f->count > FILTERS_MAX - 2) {
        request_error(r, 400, 100, 0, "(#100) Param effective_status must be an array");
        return false;
    }
    if (count > 0) {
        struct filter *one = &f->list[f->count++];
        *one = (struct filter){.level = level, .field = FILTER_STATUS};
        for (int i = 0; i < count; i++)
            if (!add_status(r, states[i], level, insights, &one->statuses))
                return false;
        f->by_status = true;
    }
    if (since != NULL && !insights) {
        struct filter *one = &f->list[f->count++];
        *one = (struct filter){.level = level, .field = FILTER_UPDATED, .op = FILTER_GREATER_EQUAL};
        if (!str_to_i64(since, 0, INT64_MAX, &one->number)) {
            request_error(r, 400, 100, 0, "(#100) Param updated_since must be a unix time");
            return false;
        }
    }
    return true;
}

static bool compare(enum filter_operator op, int64_t left, int64_t right)
{
    switch (op) {
    case FILTER_IN:
    case FILTER_EQUAL:
        return left == right;
    case FILTER_NOT_IN:
    case FILTER_NOT_EQUAL:
        return left != right;
    case FILTER_GREATER:
        return left > right;
    case FILTER_GREATER_EQUAL:
        return left >= right;
    case FILTER_LESS:
        return left < right;
    case FILTER_LESS_EQUAL:
        return left <= right;
    case FILTER_CONTAIN:
    case FILTER_OPERATORS:
        break;
    }
    return false;
}

static bool text_matches(const struct filter *f, const char *text)
{
    bool found = false;
    for (int i = 0; i < f->text_count && !found; i++)
        found = f->op == FILTER_CONTAIN ? strstr(text, f->texts[i]) != NULL : strcmp(text, f->texts[i]) == 0;
    return f->op == FILTER_NOT_IN || f->op == FILTER_NOT_EQUAL ? !found : found;
}

static bool passes(const struct filter *f, struct account *a, enum level level, int index)
{
    char id[ID_TEXT];
    int at = a->entities[level][index].parent[f->level];
    const struct entity *x = &a->entities[f->level][at];
    switch (f->field) {
    case FILTER_ID:
        return text_matches(f, entity_id(a, f->level, at, id));
    case FILTER_NAME:
        return text_matches(f, entity_name(a, f->level, at));
    case FILTER_STATUS: {
        bool named = (f->statuses >> x->effective & 1) != 0;
        return f->op == FILTER_NOT_IN || f->op == FILTER_NOT_EQUAL ? !named : named;
    }
    case FILTER_CREATED:
        return compare(f->op, x->created_ms / 1000, f->number);
    case FILTER_UPDATED:
        return compare(f->op, x->updated_ms / 1000, f->number);
    case FILTER_IMPRESSIONS:
    case FILTER_SPEND:
    case FILTER_FIELDS:
        break;
    }
    return true;
}

bool filters_pass(const struct filters *f, struct account *a, enum level level, int index)
{
    for (int i = 0; i < f->count; i++)
        if (!passes(&f->list[i], a, level, index))
            return false;
    return true;
}

bool filters_pass_numbers(const struct filters *f, int64_t impressions, int64_t spend)
{
    for (int i = 0; i < f->count; i++) {
        const struct filter *one = &f->list[i];
        if (one->field == FILTER_IMPRESSIONS && !compare(one->op, impressions, one->number))
            return false;
        if (one->field == FILTER_SPEND && !compare(one->op, spend, one->number))
            return false;
    }
    return true;
}
