#include "common/base/check.h"
#include "common/store/chunk.h"
#include "tests/bench/driver.h"
#include <stdlib.h>
#include <string.h>

/* COPY beside the two ways of giving many rows to one INSERT. What is timed is a transaction with its rows on the wire
 * in the form that the method wants; making that form is not. */

enum { PAGE_ROWS = 1000, COLUMNS = 24 };
#define ROWS_BYTES_MAX ((size_t)64 << 20)

struct column {
    const char *name, *type;
};
static const struct column columns[COLUMNS] = {{"chunk_id", "uuid"},
                                               {"page", "int"},
                                               {"ordinal", "int"},
                                               {"campaign_id", "text"},
                                               {"adset_id", "text"},
                                               {"ad_id", "text"},
                                               {"event_date", "date"},
                                               {"event_hour", "smallint"},
                                               {"spend", "numeric"},
                                               {"impressions", "bigint"},
                                               {"clicks", "bigint"},
                                               {"link_clicks", "numeric"},
                                               {"conversions", "numeric"},
                                               {"revenue", "numeric"},
                                               {"leads", "numeric"},
                                               {"installs", "numeric"},
                                               {"purchases", "numeric"},
                                               {"registrations", "numeric"},
                                               {"visitors", "numeric"},
                                               {"reach", "bigint"},
                                               {"attribution_setting", "text"},
                                               {"actions", "jsonb"},
                                               {"action_values", "jsonb"},
                                               {"actions_only", "boolean"}};

/* One page in the three forms: what COPY reads, an array literal a column, one JSON array. */
struct forms {
    struct buf copy, arrays[COLUMNS], json;
};

static void add_array_element(struct buf *b, const char *text, size_t len)
{
    buf_add_str(b, b->len == 0 ? "{\"" : ",\"");
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buf_add_char(b, '\\');
        buf_add_char(b, text[i]);
    }
    buf_add_char(b, '"');
}

static void add_json_member(struct buf *b, const struct column *c, const char *text, size_t len)
{
    const bool bare = strcmp(c->type, "text") != 0 && strcmp(c->type, "uuid") != 0 && strcmp(c->type, "date") != 0;
    buf_addf(b, "\"%s\":%s", c->name, bare ? "" : "\"");
    buf_add(b, text, len);
    buf_add_str(b, bare ? "" : "\"");
}

/* These rows have no NULL and nothing that COPY escapes, so its text can be taken apart at tabs and line ends. */
static void make_forms(struct forms *f, const struct chunk *c, int64_t first)
{
    const struct rows_wanted w = {
        .first = first, .count = PAGE_ROWS, .ads = 100, .first_day = date_from_civil(2026, 8, 1)};
    struct page page;
    const char *at;
    rows_make(&w, &page);
    buf_init(&f->copy, ROWS_BYTES_MAX);
    buf_init(&f->json, ROWS_BYTES_MAX);
    for (int i = 0; i < COLUMNS; i++)
        buf_init(&f->arrays[i], ROWS_BYTES_MAX);
    chunk_rows_copy(c, &page, &f->copy);
    page_clear(&page);
    at = buf_str(&f->copy);
    for (int row = 0; row < PAGE_ROWS; row++) {
        buf_add_str(&f->json, row == 0 ? "[{" : ",{");
        for (int i = 0; i < COLUMNS; i++) {
            const size_t len = strcspn(at, "\t\n");
            buf_add_str(&f->json, i == 0 ? "" : ",");
            add_json_member(&f->json, &columns[i], at, len);
            add_array_element(&f->arrays[i], at, len);
            at += len + 1;
        }
        buf_add_char(&f->json, '}');
    }
    CHECK(*at == 0);
    buf_add_char(&f->json, ']');
    for (int i = 0; i < COLUMNS; i++)
        buf_add_char(&f->arrays[i], '}');
}

static void free_forms(struct forms *f)
{
    buf_free(&f->copy);
    buf_free(&f->json);
    for (int i = 0; i < COLUMNS; i++)
        buf_free(&f->arrays[i]);
}

static void unnest_sql(struct buf *sql)
{
    buf_add_str(sql, "INSERT INTO chunk_facts SELECT * FROM unnest(");
    for (int i = 0; i < COLUMNS; i++)
        buf_addf(sql, "%s$%d::%s[]", i == 0 ? "" : ", ", i + 1, columns[i].type);
    buf_add_char(sql, ')');
}

static void recordset_sql(struct buf *sql)
{
    buf_add_str(sql, "INSERT INTO chunk_facts SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (");
    for (int i = 0; i < COLUMNS; i++)
        buf_addf(sql, "%s%s %s", i == 0 ? "" : ", ", columns[i].name, columns[i].type);
    buf_add_char(sql, ')');
}

static struct db_step step_of(const char *method, const struct forms *f, const char **params, struct buf *sql)
{
    if (strcmp(method, "copy") == 0)
        return (struct db_step){.sql = "COPY chunk_facts FROM STDIN", .copy = &f->copy};
    const bool unnest = strcmp(method, "unnest") == 0;
    CHECK(unnest || strcmp(method, "recordset") == 0);
    if (unnest)
        unnest_sql(sql);
    else
        recordset_sql(sql);
    for (int i = 0; i < COLUMNS; i++)
        params[i] = buf_str(unnest ? &f->arrays[i] : &f->json);
    return (struct db_step){.sql = buf_str(sql), .params = params, .count = unnest ? COLUMNS : 1};
}

static double put_page(struct loop *l, struct db_pool *p, const char *method, const struct forms *f)
{
    const char *params[COLUMNS];
    struct err e = {0};
    struct buf sql;
    buf_init(&sql, 4096);
    struct db_step step = step_of(method, f, params, &sql);
    double start = seconds_now();
    int rc = db_run_wait(l, p, DB_TX, &step, 1, NULL, NULL, &e);
    double seconds = seconds_now() - start;
    must(rc, &e, method);
    buf_free(&sql);
    return seconds;
}

static void on_closed(void *arg)
{
    *(int *)arg = 1;
}

int bench_staging(int argc, char **argv)
{
    (void)argc;
    struct loop *l = loop_new();
    struct db_pool *p = NULL;
    struct err e = {0};
    const struct db_step warm = {.sql = "SELECT 1"};
    const int64_t pages = number_arg(argv[2]);
    struct chunk c = {.slice = {.kind = SLICE_FACTS}, .page = 1};
    double seconds = 0;
    int closed = 0;

    must(db_pool_new(l, argv[0], 1, "bench", &p, &e), &e, argv[0]);
    must(db_run_wait(l, p, DB_PLAIN, &warm, 1, NULL, NULL, &e), &e, "connect");
    uuid_make(c.id);
    for (int64_t i = 0; i < pages; i++) {
        struct forms f;
        make_forms(&f, &c, i * PAGE_ROWS);
        seconds += put_page(l, p, argv[1], &f);
        free_forms(&f);
        c.page++;
    }
    say("seconds", seconds);
    db_pool_close(p, on_closed, &closed);
    loop_run_until(l, &closed);
    loop_free(l);
    return 0;
}
