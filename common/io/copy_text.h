#pragma once
#include "common/base/buf.h"
#include <stdint.h>
/* Rows in PostgreSQL's COPY text format: fields escaped, tab between, \N for NULL. */
void copy_field(struct buf *b, const char *text); /* NULL = \N */
void copy_int(struct buf *b, int64_t value);
void copy_end_row(struct buf *b);
