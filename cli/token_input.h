#pragma once
#include "common/base/err.h"
#include "common/base/secret.h"
/* Reads an access token from standard input, spaces and line end trimmed; on a terminal it asks for it without echo.
 * ERR_INPUT when there is none. *out is owned by the caller. */
int token_input(struct secret **out, struct err *e) MUST_CHECK;
