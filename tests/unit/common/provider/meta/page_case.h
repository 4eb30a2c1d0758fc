#pragma once
#include "common/provider/meta/meta_page.h"
#include "tests/unit/common/provider/meta/answers.h"
/* The page that a test reads, and what its answer means. */
static struct page page;
static struct verdict verdict;

static inline int read_answer(const struct slice *s, const char *cursor, struct http_answer a)
{
    meta_page_read(&test_config, s, cursor, &a, &page, &verdict);
    http_answer_clear(&a);
    return verdict.rc;
}

static inline int read_reply(const struct slice *s, const char *cursor, int status, const char *body)
{
    return read_answer(s, cursor, answer_of(status, "", body));
}

static inline int read_body(const struct slice *s, const char *cursor, const char *body)
{
    return read_reply(s, cursor, 200, body);
}
