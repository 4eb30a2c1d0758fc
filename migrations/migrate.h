#pragma once
#include "common/base/err.h"
#include "common/io/db.h"
#include "common/io/loop.h"
/* Applies migrations/NNNN_name.sql in order, each in one transaction, under an advisory lock; checksummed in
 * schema_migrations (version, name, checksum, oldest_program, applied_at). For the command line: waits with the loop
 * running. say(arg, line) gets one line per migration applied and any statement an operator must run by hand. Refuses:
 * tables in the schema that it did not make (names them), a changed checksum, a gap. */
int migrate_apply(struct loop *l, struct db_pool *p, void (*say)(void *arg, const char *line), void *arg,
                  struct err *e) MUST_CHECK;
/* One line per migration: applied when, or pending. */
int migrate_status(struct loop *l, struct db_pool *p, void (*say)(void *arg, const char *line), void *arg,
                   struct err *e) MUST_CHECK;
