#pragma once
#include "common/base/buf.h"
#include "common/base/http.h"
#include "common/io/loop.h"
#include "common/provider/provider.h"
#include "common/store/chunk.h"
/* Off the loop: an answer becomes a verdict and, when it is a page, rows ready to commit. The answer's memory is gone
 * before the rows' work is over, so that few trees and bodies exist at once. */
struct page_work {
    const struct provider_config *config;
    const struct chunk *chunk; /* not changed while the work is under way */
    struct http_answer answer; /* owned; cleared by the work */
    struct verdict verdict;
    struct buf rows; /* COPY text */
    int row_count;
    char *next; /* owned; NULL: the last page */
    enum report_word report_word;
    char report[32]; /* its id, when it was made */
    int report_percent;
    void (*done)(void *arg);
    void *arg;
};
#define PAGE_ROWS_BYTES_MAX (32u << 20)
/* config, chunk, answer, done and arg are set by the caller. */
void page_work_start(struct loop *l, struct page_work *w);
void page_work_clear(struct page_work *w); /* frees answer, rows and next; not while the work is under way */
