#pragma once
#include "cli/session.h"
#include <jansson.h>
/* How the installation stands (common/store/status.h), read and parsed; the caller's to json_decref. */
json_t *status_report(struct session *s);
/* Says on stderr when no scheduler or worker is alive, or the connection's work is held. */
void status_warn_idle(struct session *s, const char *connection_id);
