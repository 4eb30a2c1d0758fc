#pragma once
#include "common/base/buf.h"
#include "common/base/decimal.h"
#include "common/base/err.h"
#include <jansson.h>
/* From Meta's lists of actions to our columns. One purchase shows up under many types in the same row: types are
 * chosen, not added, and count and value come from the same choice. */
struct meta_measures {
    struct decimal link_clicks, purchases, revenue, leads, installs, registrations, visitors;
    struct decimal conversions; /* purchases + leads + installs + registrations */
};

/* actions and action_values of one row (NULL when absent) into *out, and as JSON objects {"type": number} appended to
 * counts and values. A type that comes twice: the last counts. ERR_ANSWER names the list and the type. */
int meta_actions_read(const json_t *actions, const json_t *action_values, struct meta_measures *out, struct buf *counts,
                      struct buf *values, struct err *e) MUST_CHECK;
