#pragma once
#include "common/store/chunk.h"
#include "common/store/tx.h"
/* What the chunk_*.c files share; nobody else includes it.
 *   chunk           opening
 *   chunk_stage     staging a page; what comes after a difference, or a listing
 *   chunk_copy      rows of a page as COPY text
 *   chunk_merge     the slice, whole
 *   chunk_ladder    asked smaller
 *   chunk_report    reports made in the background
 *   chunk_put_back  back to the queue, or given up */

/* The slice asks for the facts as the chunk's shape and report want it. */
void chunk_ask_facts(struct chunk *c);
/* The fence of this chunk's start; page 0: at any page. */
void chunk_add_fence(struct tx *t, const struct chunk *c, int page);
/* What a page brought: staged rows, or totals. */
void chunk_add_page(struct tx *t, const struct chunk *c, const struct buf *rows, int row_count);
/* What the provider said that is to be kept: its blocks; chunk_read_block reads what became of them. */
struct block_steps {
    int account, app; /* -1: nothing was said */
};
struct block_steps chunk_add_block(struct tx *t, const struct chunk *c);
void chunk_read_block(const struct db_results *r, struct block_steps steps, struct chunk *c);
/* After the last page of totals: days that Meta left out are zero. */
void chunk_add_totals_end(struct tx *t, const struct chunk *c);
/* Books the next call, last in its transaction: the step that chunk_read_booking reads. */
int chunk_add_booking(struct tx *t, const char *chunk_id);
void chunk_read_booking(const struct db_results *r, int step, struct chunk *c);
/* The step that chunk_read_lookups reads. */
int chunk_add_lookups(struct tx *t, const char *chunk_id);
void chunk_read_lookups(const struct db_results *r, int step, struct chunk *c);
/* Staged rows of a chunk whose cursor is gone. */
void chunk_add_sweep(struct tx *t, const char *chunk_id);
/* Locks runs and brings their counts and status up to date: a connection's open ones, one run, or the run of a chunk if
 * that is dead; two of the three are NULL. */
void chunk_add_settle(struct tx *t, const char *connection_id, const char *run_id, const char *dead_chunk_id);
/* Reads run_state.sql's answer. */
int chunk_add_state(struct tx *t, const struct chunk *c);
void chunk_read_state(const struct db_results *r, int step, struct run_state *out);
