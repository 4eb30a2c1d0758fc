#pragma once
#include "tests/sandbox/request.h"
/* Cursor paging of every list: `next` only while there is more, cursors on the last page too. */
struct page {
    int limit;
    int64_t position; /* where it begins; what positions mean is the list's affair */
    uint64_t query;
};
/* Reads limit and after; false when the answer is an error now. */
bool page_read(struct request *r, struct page *p);
/* Appends ,"paging":{…} after the data; rows = 0 leaves it out as Meta does. next = position after the last row. */
void page_write(struct request *r, const struct page *p, int rows, int64_t next, bool more);
