#include "worker/job_private.h"
#include <inttypes.h>

/* A listing that does not end, or cursors that go in circles, would fill the database and spend every budget. */
int job_check_limits(const struct job *j, struct err *e)
{
    const struct chunk *c = j->chunk;
    const int64_t rows = c->rows + j->work.row_count;
    if (c->slice.kind == SLICE_CAMPAIGNS && rows > CHUNK_CAMPAIGNS_MAX)
        return err_set(e, ERR_LIMIT, "a day with facts of more than %d campaigns, to be asked for one by one",
                       CHUNK_CAMPAIGNS_MAX);
    if (rows > CHUNK_ROWS_MAX)
        return err_set(e, ERR_LIMIT, "the slice has more than %d rows", CHUNK_ROWS_MAX);
    if (j->work.next != NULL && c->page >= CHUNK_PAGES_MAX)
        return err_set(e, ERR_LIMIT, "the slice has more than %d pages", CHUNK_PAGES_MAX);
    return 0;
}
