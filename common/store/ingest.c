#include "common/store/ingest.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/io/copy_text.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_BYTES_MAX ((size_t)64 << 20)

const char *const ingest_measure_names[INGEST_MEASURE_COUNT] = {
#define X(name) #name,
    INGEST_MEASURES(X)
#undef X
};

struct ingest {
    struct buf names, rows; /* what the facts are about, each once; the facts */
    struct buf name;        /* of the latest fact */
    json_t *known;          /* the number of each name */
    int count;
    bool daily, hourly;
    /* once it runs */
    int updated[2], inserted[2]; /* steps, of days and hours; -1 = not taken */
    int errors;
    void (*done)(void *arg, int rc, const struct ingest_answer *a, const struct err *e);
    void *arg;
};

struct ingest *ingest_new(void)
{
    struct ingest *g = mem_new(1, sizeof *g);
    buf_init(&g->names, ROWS_BYTES_MAX);
    buf_init(&g->rows, ROWS_BYTES_MAX);
    buf_init(&g->name, ROWS_BYTES_MAX);
    CHECK((g->known = json_object()) != NULL);
    return g;
}

void ingest_free(struct ingest *g)
{
    buf_free(&g->names);
    buf_free(&g->rows);
    buf_free(&g->name);
    json_decref(g->known);
    free(g);
}

/* The order is that of ingest_names_copy.sql. */
static int name_of(struct ingest *g, const struct ingest_fact *f)
{
    const char *const fields[] = {f->connection_id, f->entity_id, f->external_id, f->provider, f->level, f->currency};
    const json_t *known;

    buf_reset(&g->name);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        copy_field(&g->name, fields[i]);
    g->names.overflow |= g->name.overflow;
    known = json_object_getn(g->known, buf_str(&g->name), g->name.len);
    if (known != NULL)
        return (int)json_integer_value(known);
    const int number = (int)json_object_size(g->known);
    CHECK(json_object_setn_new_nocheck(g->known, buf_str(&g->name), g->name.len, json_integer(number)) == 0);
    buf_add(&g->names, buf_str(&g->name), g->name.len);
    copy_int(&g->names, number);
    copy_end_row(&g->names);
    return number;
}

/* The order is that of ingest_copy.sql. */
void ingest_add(struct ingest *g, const struct ingest_fact *f)
{
    copy_int(&g->rows, f->index);
    copy_int(&g->rows, name_of(g, f));
    copy_field(&g->rows, f->event_at);
    copy_field(&g->rows, f->event_date);
    copy_field(&g->rows, f->hourly ? "true" : "false");
    for (int i = 0; i < INGEST_MEASURE_COUNT; i++)
        copy_field(&g->rows, f->measures[i]);
    copy_field(&g->rows, f->attribution_setting);
    copy_field(&g->rows, f->actions);
    copy_field(&g->rows, f->action_values);
    copy_end_row(&g->rows);
    g->count++;
    g->hourly |= f->hourly;
    g->daily |= !f->hourly;
}

static int64_t affected(const struct db_results *r, int step)
{
    return step < 0 ? 0 : db_affected(r, step);
}

static void on_run(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct ingest *g = arg;
    struct ingest_answer a = {0};
    const char **errors = NULL;

    if (rc == 0) {
        a.error_count = db_rows(r, g->errors);
        errors = mem_new((size_t)a.error_count + 1, sizeof *errors);
        CHECK(errors != NULL);
        for (int i = 0; i < a.error_count; i++)
            errors[i] = db_text(r, g->errors, i, 0);
        a.errors = errors;
        for (int hourly = 0; hourly < 2; hourly++)
            a.ingested += affected(r, g->updated[hourly]) + affected(r, g->inserted[hourly]);
        a.skipped = g->count - a.error_count - a.ingested;
    }
    g->done(g->arg, rc, rc == 0 ? &a : NULL, e);
    free(errors);
    ingest_free(g);
}

/* Into metric_facts, or metric_facts_hourly. */
static void add_table(struct tx *t, struct ingest *g, bool hourly, const char *workspace_id)
{
    const char *(*text)(const char *name) = hourly ? sql_text_hourly : sql_text;

    (void)tx_add(t, text("ingest_overlaps"), NULL, 0);
    g->updated[hourly] = tx_add(t, text("ingest_update"), NULL, 0);
    g->inserted[hourly] = tx_add(t, text("ingest_insert"), TX_PARAMS(workspace_id));
}

void ingest_run(struct db_pool *p, const char *workspace_id, struct ingest *g,
                void (*done)(void *arg, int rc, const struct ingest_answer *a, const struct err *e), void *arg)
{
    static const char *const tables[] = {"ingest_names_table", "ingest_entities_table", "ingest_table",
                                         "ingest_keys_table"};
    struct tx *t;
    struct err e;

    g->done = done;
    g->arg = arg;
    if (g->rows.overflow || g->names.overflow) {
        const int rc = err_set(&e, ERR_LIMIT, "the facts are larger than %zu bytes together", ROWS_BYTES_MAX);
        done(arg, rc, NULL, &e);
        ingest_free(g);
        return;
    }
    t = tx_new(p);
    tx_meets_others(t);
    g->updated[0] = g->updated[1] = g->inserted[0] = g->inserted[1] = -1;
    (void)tx_add(t, "SELECT set_config('jit', 'off', true)", NULL, 0); /* compiling takes longer than it runs */
    (void)TX_ADD(t, "ingest_lock", workspace_id);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        (void)tx_add(t, sql_text(tables[i]), NULL, 0);
    (void)tx_copy(t, sql_text("ingest_names_copy"), &g->names);
    (void)tx_copy(t, sql_text("ingest_copy"), &g->rows);
    tx_plan_afresh(t, true); /* a plan made for one fact would read the table ten thousand times for ten thousand */
    (void)TX_ADD(t, "ingest_connection_make", workspace_id);
    (void)TX_ADD(t, "ingest_entities", workspace_id);
    (void)TX_ADD(t, "ingest_entities_make", workspace_id);
    (void)tx_add(t, sql_text("ingest_entities_made"), NULL, 0);
    (void)tx_add(t, sql_text("ingest_keys"), NULL, 0);
    /* Without it PostgreSQL takes nearly all rows for refused ones, and plans for a handful. */
    (void)tx_add(t, "ANALYZE ingest_keys (n, entity_id, event_date, hour, again, stored, field)", NULL, 0);
    if (g->daily)
        add_table(t, g, false, workspace_id);
    if (g->hourly)
        add_table(t, g, true, workspace_id);
    g->errors = tx_add(t, sql_text("ingest_errors"), NULL, 0);
    tx_run(t, on_run, g);
}
