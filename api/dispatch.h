#pragma once
#include "api/api.h"
#include "common/io/http_server.h"
/* One request from its arrival to its handler: route, caller, rate, role, workspace, query, body; the first that is
 * wrong answers. For http_server_new(). */
void dispatch(void *api, struct http_exchange *x);
/* Answers what the server itself refuses. For http_server_options.refuse. */
void dispatch_refuse(void *api, struct http_exchange *x, int status, const char *why);
