#pragma once
#include "common/provider/provider.h"
#include <stdint.h>
/* The parts that are measured through our own C code: one program, one command a part, each printing lines
 * "<what> <number>" that the Python side reads. Times are seconds of the work alone, without connecting. */

double seconds_now(void);
void say(const char *what, double value);
/* Ends the program when rc is not 0. */
void must(int rc, const struct err *e, const char *doing);
int64_t number_arg(const char *text);

/* Rows first … first + count - 1 of a made-up account: row r is ad r % ads on day r / ads. Each row whose number is a
 * multiple of `change_each` (0: none) spends something else. */
struct rows_wanted {
    int64_t first, count, ads, change_each;
    date_t first_day;
};
void rows_make(const struct rows_wanted *w, struct page *out);

/* URL METHOD PAGES: pages of 1,000 rows into chunk_facts, a transaction each. METHOD: copy, unnest, recordset. */
int bench_staging(int argc, char **argv);
/* URL CHUNK ROWS ADS CHANGE_EACH: one slice, opened, staged page by page and merged. */
int bench_slice(int argc, char **argv);
/* URL PREFIX JOBS ACCOUNTS BATCH: jobs put in, then claimed and finished, as fast as one connection goes. */
int bench_queue(int argc, char **argv);
