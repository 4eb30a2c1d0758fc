#pragma once
#include "api/call.h"
/* Says that the connection c->id, or the one of ?connection_id=, is one of the workspace: then go_on(c, its JSON
 * object, borrowed). Else the call is answered. */
void connection_check(struct call *c, const char *id, void (*go_on)(struct call *c, const struct json_t *connection));
