#pragma once
#include "common/base/err.h"
#include "common/base/id.h"
#include "common/store/run.h"
#include <stddef.h>
/* Pure: one entry of the requests list (contract, section 5), bytes from anybody. */
struct request_entry {
    char id[UUID_TEXT]; /* "" when it gave none, or none that is a UUID */
    char connection_id[UUID_TEXT], kind[12], granularity[8];
    struct run_request request; /* its texts point into this entry */
};
#define REQUEST_BYTES_MAX 4096 /* ten times what a request needs */
/* ERR_INPUT names the field, its value and what would be right, ERR_LIMIT says that it is too long; out->id is set as
 * far as it could be read. */
int request_entry_parse(const char *text, size_t len, struct request_entry *out, struct err *e) MUST_CHECK;
