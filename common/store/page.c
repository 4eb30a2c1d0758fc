#include "common/store/page.h"
#include "common/base/base64url.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/json_rows.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>
#include <string.h>

/* Opaque: the query's own text of the place, in base64url, so that nobody builds one by hand. */
enum { CURSOR_BYTES_MAX = 240 };

struct page {
    page_done done;
    void *arg;
    int limit;
};

static void on_rows(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct page *p = arg;
    const int there = rc == 0 ? db_rows(r, 0) : 0, count = there > p->limit ? p->limit : there;
    const int columns = rc == 0 ? db_columns(r, 0) - 1 : 0;
    struct json_rows rows = {0};
    char next[BASE64URL_TEXT(CURSOR_BYTES_MAX)] = "";
    struct err own;

    if (there > count) {
        const char *place = db_text(r, 0, count - 1, columns);
        CHECK(strlen(place) <= CURSOR_BYTES_MAX);
        base64url_encode(place, strlen(place), false, next);
    }
    /* A place that PostgreSQL cannot read: 22P02, 22007 and their like. */
    if (rc == ERR_DB && str_starts(db_sqlstate(r), "22")) {
        rc = err_set(&own, ERR_INPUT, "cursor: this is none that we gave");
        e = &own;
    }
    if (rc == 0) {
        rc = json_rows_of(r, count, columns, &rows, &own);
        e = &own;
    }
    p->done(p->arg, rc, rows.texts, rc == 0 ? count : 0, *next != '\0' ? next : NULL, rc == 0 ? NULL : e);
    json_rows_clear(&rows);
    free(p);
}

void page_read(struct db_pool *pool, const char *sql, const char *const *params, int count, const char *cursor,
               int limit, page_done done, void *arg)
{
    struct tx *t = tx_new(pool);
    struct page *p = mem_new(1, sizeof *p);
    const char *all[PAGE_PARAMS_MAX + 2];
    char place[CURSOR_BYTES_MAX + 1];
    size_t len = 0;

    CHECK(p != NULL && count <= PAGE_PARAMS_MAX && limit > 0 && limit <= PAGE_ROWS_MAX);
    *p = (struct page){.done = done, .arg = arg, .limit = limit};
    if (count > 0)
        memcpy(all, params, (size_t)count * sizeof *params);
    /* One that is malformed becomes a text that no query can read. */
    if (cursor != NULL && !base64url_decode(cursor, strlen(cursor), false, place, CURSOR_BYTES_MAX, &len))
        len = 0;
    place[len] = '\0';
    all[count] = cursor != NULL ? place : NULL;
    all[count + 1] = tx_int(t, limit + 1);
    (void)tx_add(t, sql_text(sql), all, count + 2);
    tx_run(t, on_rows, p);
}
