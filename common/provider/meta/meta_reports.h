#pragma once
#include "common/provider/meta/meta_cursor.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Report runs: insights that Meta makes in the background, for questions that are too much for one call. */

/* Asks for a report of the slice's facts, or, when it has one, how that is. */
int meta_report_request(const struct provider_config *c, const struct slice *s, const struct meta_cursor *at,
                        const struct secret *token, struct http_request *out, struct err *e) MUST_CHECK;
/* The report that was asked for, into *p. */
int meta_report_made(const json_t *root, struct page *p, struct err *e) MUST_CHECK;
/* What a report says of itself (root), or why it, or a page of it, could not be read (NULL, and *v says why), into *p;
 * v->rc stays, or becomes, an error's when it is no word of the report. ERR_ANSWER. */
int meta_report_look(const json_t *root, struct page *p, struct verdict *v, struct err *e) MUST_CHECK;
