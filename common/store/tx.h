#pragma once
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/date.h"
#include "common/io/db.h"
#include <stdbool.h>
#include <stdint.h>
/* One transaction of the store: steps are added, then it runs, again by itself after a deadlock or a serialization
 * failure, and frees itself behind done. Our own SQLSTATEs become ERR_FENCED (MX001), ERR_GONE (MX002), ERR_CONFLICT
 * (MX003), ERR_DIFFERS (MX004) and ERR_NOT_FOUND (MX005); a deadlock that comes back each time is ERR_DB. */
struct tx;
struct tx *tx_new(struct db_pool *p);
/* Adds a step and returns its number in the results. The parameters are copied; sql must be static. */
int tx_add(struct tx *t, const char *sql, const char *const *params, int count);
#define TX_PARAMS(...)                                                                                                 \
    (const char *const[]){__VA_ARGS__}, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define TX_ADD(t, name, ...) tx_add((t), sql_text(name), TX_PARAMS(__VA_ARGS__))
/* From here on steps are planned for their parameters each time (db_step.afresh): for those whose best plan depends on
 * how many rows they are about. Not plan_cache_mode, which would have the check of a foreign key planned again for
 * every row. */
void tx_plan_afresh(struct tx *t, bool on);
/* Where somebody else has stored the same key meanwhile, the transaction runs again too: it must look at what is there
 * before it inserts. Without it such a key is ERR_DB. */
void tx_meets_others(struct tx *t);
/* rows are borrowed until done. */
int tx_copy(struct tx *t, const char *copy_sql, const struct buf *rows);
/* Memory that lives as long as the transaction, for parameters; CHECKs that there is some. */
void *tx_alloc(struct tx *t, size_t bytes);
const char *tx_str(struct tx *t, const char *text); /* a copy; NULL for NULL */
const char *tx_int(struct tx *t, int64_t value);
const char *tx_date(struct tx *t, date_t day);       /* NULL for DATE_NONE */
const char *tx_instant(struct tx *t, int64_t at_ms); /* for a cast to timestamptz; NULL for 0 */
/* Longer than db_run's usual limit. */
void tx_allow(struct tx *t, int64_t timeout_ms);
/* A parameter for a cast to an array; NULL elements are SQL nulls. */
const char *tx_array(struct tx *t, const char *const *values, int count);
void tx_run(struct tx *t, db_done done, void *arg);
void tx_free(struct tx *t); /* of one that is not run */

/* A day of a result; DATE_NONE for null. */
date_t db_date(const struct db_results *r, int step, int row, int col);
