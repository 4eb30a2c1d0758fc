#include "common/store/news.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/id.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NEWS_BYTES_MAX (64u << 20)

struct reading {
    void (*done)(void *arg, int rc, struct news *n, const struct err *e);
    void *arg;
};

static const char *copy(struct news *n, const struct db_results *r, int step, int row, int col)
{
    const char *text = db_is_null(r, step, row, col) ? NULL : arena_str(&n->arena, db_text(r, step, row, col));
    CHECK(!n->arena.overflow);
    return text;
}

/* Of a column that is never null. */
static const char *copy_word(struct news *n, const struct db_results *r, int step, int row, int col)
{
    const char *text = arena_str(&n->arena, db_text(r, step, row, col));
    CHECK(text != NULL);
    return text;
}

static void read_run(struct news *n, const struct db_results *r, int i)
{
    enum { ID, WORKSPACE, CONNECTION, KIND, STATUS, TOTAL, DONE, ROWS, CALLS, ERROR_CODE, ERROR, NEWS, TOLD };
    struct news_run *run = &n->runs[i];
    const char *told = copy(n, r, 0, i, TOLD);
    run->news = (struct run_news){.run_id = copy(n, r, 0, i, ID),
                                  .workspace_id = copy(n, r, 0, i, WORKSPACE),
                                  .connection_id = copy(n, r, 0, i, CONNECTION),
                                  .kind = copy(n, r, 0, i, KIND),
                                  .status = copy_word(n, r, 0, i, STATUS),
                                  .chunks_total = db_int(r, 0, i, TOTAL),
                                  .chunks_done = db_int(r, 0, i, DONE),
                                  .rows = db_int(r, 0, i, ROWS),
                                  .calls = db_int(r, 0, i, CALLS),
                                  .error_code = copy(n, r, 0, i, ERROR_CODE),
                                  .error = copy(n, r, 0, i, ERROR)};
    run->as = copy_word(n, r, 0, i, NEWS);
    run->quiet = strcmp(run->as, "asked") == 0;
    run->ended = !run->quiet && !str_starts(run->as, "started ");
    run->start = !run->quiet && !run->ended && (told == NULL || !str_starts(told, "started "));
}

static void read_connection(struct news *n, const struct db_results *r, int i)
{
    enum { ID, WORKSPACE, STATUS, TOLD, ERROR_CODE, ERROR };
    struct news_connection *c = &n->connections[i];
    const char *told = db_text(r, 1, i, TOLD);
    *c = (struct news_connection){.id = copy(n, r, 1, i, ID),
                                  .workspace_id = copy(n, r, 1, i, WORKSPACE),
                                  .status = copy_word(n, r, 1, i, STATUS),
                                  .error_code = copy(n, r, 1, i, ERROR_CODE),
                                  .error = copy(n, r, 1, i, ERROR)};
    bool was_refused = strcmp(told, "needs_reauth") == 0 || strcmp(told, "no_access") == 0;
    if (strcmp(c->status, "needs_reauth") == 0)
        c->type = "connection.needs_reauth";
    else if (strcmp(c->status, "no_access") == 0)
        c->type = "connection.no_access";
    else if (strcmp(c->status, "active") == 0 && was_refused)
        c->type = "connection.recovered";
}

static void on_read(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct reading f = *(struct reading *)arg;
    struct news *n = NULL;
    free(arg);
    if (rc == 0) {
        n = mem_new(1, sizeof *n);
        arena_init(&n->arena, NEWS_BYTES_MAX);
        n->run_count = db_rows(r, 0);
        n->connection_count = db_rows(r, 1);
        n->runs = mem_new((size_t)n->run_count + 1, sizeof *n->runs);
        n->connections = mem_new((size_t)n->connection_count + 1, sizeof *n->connections);
        for (int i = 0; i < n->run_count; i++)
            read_run(n, r, i);
        for (int i = 0; i < n->connection_count; i++)
            read_connection(n, r, i);
    }
    f.done(f.arg, rc, n, e);
}

void news_read(struct db_pool *p, int limit, void (*done)(void *arg, int rc, struct news *n, const struct err *e),
               void *arg)
{
    struct reading *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    *f = (struct reading){.done = done, .arg = arg};
    (void)TX_ADD(t, "news_runs", tx_int(t, limit));
    (void)TX_ADD(t, "news_connections", tx_int(t, limit));
    tx_run(t, on_read, f);
}

struct marking {
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void on_told(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct marking f = *(struct marking *)arg;
    (void)r;
    free(arg);
    f.done(f.arg, rc, e);
}

void news_told(struct db_pool *p, const struct news *n, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct marking *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    int most = n->run_count > n->connection_count ? n->run_count : n->connection_count;
    const char **ids = tx_alloc(t, (size_t)(most + 1) * sizeof *ids);
    const char **as = tx_alloc(t, (size_t)(most + 1) * sizeof *as);
    *f = (struct marking){.done = done, .arg = arg};
    for (int i = 0; i < n->run_count; i++) {
        ids[i] = n->runs[i].news.run_id;
        as[i] = n->runs[i].as;
    }
    (void)TX_ADD(t, "news_runs_told", tx_array(t, ids, n->run_count), tx_array(t, as, n->run_count));
    for (int i = 0; i < n->connection_count; i++) {
        ids[i] = n->connections[i].id;
        as[i] = n->connections[i].status;
    }
    (void)TX_ADD(t, "news_connections_told", tx_array(t, ids, n->connection_count),
                 tx_array(t, as, n->connection_count));
    tx_run(t, on_told, f);
}

void news_free(struct news *n)
{
    if (n == NULL)
        return;
    arena_free(&n->arena);
    free(n->runs);
    free(n->connections);
    free(n);
}

void news_connection_event(struct buf *out, const struct news_connection *c)
{
    char id[UUID_TEXT];
    uuid_make(id);
    buf_addf(out,
             "{\"event_id\":\"%s\",\"type\":\"%s\",\"at\":%" PRId64 ",\"workspace_id\":\"%s\",\"connection_id\":\"%s\","
             "\"run_id\":null,\"status\":\"%s\",\"error_code\":",
             id, c->type, clk_wall_ms(), c->workspace_id, c->id, c->status);
    if (c->error_code == NULL)
        buf_add_str(out, "null");
    else
        buf_add_json(out, c->error_code);
    buf_add_str(out, ",\"error\":");
    if (c->error == NULL)
        buf_add_str(out, "null");
    else
        buf_add_json(out, c->error);
    buf_add_char(out, '}');
}
