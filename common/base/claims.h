#pragma once
#include "common/base/buf.h"
#include <stdbool.h>
#include <stdint.h>
/* What our JSON Web Tokens claim (contract, section 8). */
enum role { ROLE_VIEWER, ROLE_ADMIN, ROLE_SERVICE, ROLE_OPERATOR };
const char *role_name(enum role r);
bool role_from_name(const char *name, enum role *out);
/* Appends the payload of a token. workspace: an id, or "*". */
void claims_write(struct buf *out, const char *sub, const char *workspace, enum role role, int64_t exp_s);
