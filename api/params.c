#include "api/params.h"
#include "common/base/check.h"
#include "common/base/date.h"
#include "common/base/id.h"
#include "common/base/str.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static const struct param *param_find(const struct param *params, const char *name)
{
    for (; params != NULL && params->name != NULL; params++)
        if (strcmp(params->name, name) == 0)
            return params;
    return NULL;
}

bool param_is_known(const struct param *params, const char *name)
{
    return param_find(params, name) != NULL;
}

static bool is_word(const char *words, const char *value)
{
    const size_t len = strlen(value);

    for (const char *at = words; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strcspn(at, ",") == len && strncmp(at, value, len) == 0)
            return true;
    }
    return false;
}

static void check_value(const struct param *p, const char *value, const json_t *shown, struct field_errors *errors)
{
    int64_t number;
    date_t day;

    switch (p->kind) {
    case PARAM_UUID:
        if (!uuid_valid(value))
            field_error(errors, p->name, shown, "must be a UUID");
        return;
    case PARAM_DATE:
        if (!date_parse(value, &day))
            field_error(errors, p->name, shown, "must be a day like 2026-10-31");
        return;
    case PARAM_INT:
        if (!str_to_i64(value, p->min, p->max, &number))
            field_error(errors, p->name, shown, "must be a number from %" PRId64 " to %" PRId64, p->min, p->max);
        return;
    case PARAM_WORD:
        if (!is_word(p->words, value))
            field_error(errors, p->name, shown, "must be one of %s", p->words);
        return;
    case PARAM_TEXT:
        if (p->max > 0 && strlen(value) > (size_t)p->max)
            field_error(errors, p->name, shown, "has %zu bytes; at most %" PRId64 " are allowed", strlen(value),
                        p->max);
        return;
    }
}

void param_check(const struct param *params, const char *name, const char *value, struct field_errors *errors)
{
    const struct param *p = param_find(params, name);
    json_t *shown = json_string(value == NULL ? "" : value);

    if (shown == NULL)
        field_error(errors, name, NULL, "is not UTF-8");
    else if (p == NULL)
        field_error(errors, name, shown, "is no parameter of this call");
    else
        check_value(p, value == NULL ? "" : value, shown, errors);
    json_decref(shown);
}

int64_t param_int(const char *value)
{
    int64_t number = 0;
    CHECK(str_to_i64(value, INT64_MIN, INT64_MAX, &number));
    return number;
}
