#include "worker/page_work.h"
#include "common/base/str.h"
#include <stdlib.h>

static void work(void *arg)
{
    struct page_work *w = arg;
    struct page page = {0};
    w->chunk->provider->page_read(w->config, &w->chunk->slice, w->chunk->cursor, &w->answer, &page, &w->verdict);
    http_answer_clear(&w->answer);
    if (w->verdict.rc != 0)
        return;
    chunk_rows_copy(w->chunk, &page, &w->rows);
    w->row_count = page.fact_count + page.entity_count;
    w->next = str_dup(page.next);
    w->report_word = page.report_word;
    (void)str_copy(w->report, sizeof w->report, page.report == NULL ? "" : page.report);
    w->report_percent = page.report_percent;
    page_clear(&page);
    if (w->rows.overflow) {
        w->verdict.rc = ERR_LIMIT;
        (void)snprintf(w->verdict.text, sizeof w->verdict.text, "the rows of one page need more than %u bytes",
                       PAGE_ROWS_BYTES_MAX);
    }
}

static void done(void *arg)
{
    struct page_work *w = arg;
    w->done(w->arg);
}

void page_work_start(struct loop *l, struct page_work *w)
{
    buf_init(&w->rows, PAGE_ROWS_BYTES_MAX);
    w->row_count = 0;
    w->next = NULL;
    w->report_word = REPORT_SAYS_NOTHING;
    w->verdict = (struct verdict){.account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
    loop_work(l, work, done, w);
}

void page_work_clear(struct page_work *w)
{
    http_answer_clear(&w->answer);
    buf_free(&w->rows);
    free(w->next);
    w->next = NULL;
}
