#pragma once
#include "common/base/err.h"
/* A listening socket at a numeric address; `from` 0: any free port, else the first free one of so many from there on.
 */
int http_listen(const char *host, int from, int ports, int *fd, int *port, struct err *e) MUST_CHECK;
