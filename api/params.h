#pragma once
#include "api/field_errors.h"
#include "api/route.h"
/* Pure: checks one query parameter against its route's table; one that is not in it is an error too. */
void param_check(const struct param *params, const char *name, const char *value, struct field_errors *errors);
bool param_is_known(const struct param *params, const char *name);
/* The number of a PARAM_INT that was checked. */
int64_t param_int(const char *value);
