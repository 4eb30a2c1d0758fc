#include "common/store/tx.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TX_STEPS_MAX = 128, TX_TRIES = 4 };
#define TX_BYTES_MAX ((size_t)256 << 20)

struct tx {
    struct db_pool *pool;
    struct arena arena;
    struct db_step steps[TX_STEPS_MAX];
    int count, tries;
    bool afresh, meets_others;
    int64_t timeout_ms; /* 0 = db_run's own */
    db_done done;
    void *arg;
};

struct tx *tx_new(struct db_pool *p)
{
    struct tx *t = mem_new(1, sizeof *t);
    t->pool = p;
    arena_init(&t->arena, TX_BYTES_MAX);
    return t;
}

void *tx_alloc(struct tx *t, size_t bytes)
{
    void *memory = arena_alloc(&t->arena, bytes);
    CHECK(memory != NULL);
    return memory;
}

const char *tx_str(struct tx *t, const char *text)
{
    if (text == NULL)
        return NULL;
    const size_t size = strlen(text) + 1;
    return memcpy(tx_alloc(t, size), text, size);
}

const char *tx_int(struct tx *t, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return tx_str(t, text);
}

const char *tx_date(struct tx *t, date_t day)
{
    char text[DATE_TEXT];
    return day == DATE_NONE ? NULL : tx_str(t, date_text(day, text));
}

const char *tx_instant(struct tx *t, int64_t at_ms)
{
    char day[DATE_TEXT], text[48];
    if (at_ms == 0)
        return NULL;
    const int64_t day_ms = INT64_C(86400000), rest = at_ms % day_ms, s = rest / 1000;
    CHECK(at_ms > 0);
    (void)snprintf(text, sizeof text, "%s %02d:%02d:%02d.%03d+00", date_text((date_t)(at_ms / day_ms), day),
                   (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60), (int)(rest % 1000));
    return tx_str(t, text);
}

const char *tx_array(struct tx *t, const char *const *values, int count)
{
    struct buf b;
    buf_init(&b, TX_BYTES_MAX);
    buf_add_char(&b, '{');
    for (int i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(&b, ',');
        if (values[i] == NULL) {
            buf_add_str(&b, "NULL");
            continue;
        }
        buf_add_char(&b, '"');
        for (const char *c = values[i]; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                buf_add_char(&b, '\\');
            buf_add_char(&b, *c);
        }
        buf_add_char(&b, '"');
    }
    buf_add_char(&b, '}');
    CHECK(!b.overflow);
    const char *text = tx_str(t, buf_str(&b));
    buf_free(&b);
    return text;
}

static struct db_step *next_step(struct tx *t)
{
    CHECK(t->count < TX_STEPS_MAX);
    return &t->steps[t->count++];
}

int tx_add(struct tx *t, const char *sql, const char *const *params, int count)
{
    struct db_step *s = next_step(t);
    s->sql = sql;
    s->afresh = t->afresh;
    if (count > 0) {
        const char **copies = tx_alloc(t, (size_t)count * sizeof *copies);
        for (int i = 0; i < count; i++)
            copies[i] = tx_str(t, params[i]);
        s->params = copies;
        s->count = count;
    }
    return t->count - 1;
}

void tx_plan_afresh(struct tx *t, bool on)
{
    t->afresh = on;
}

void tx_meets_others(struct tx *t)
{
    t->meets_others = true;
}

int tx_copy(struct tx *t, const char *copy_sql, const struct buf *rows)
{
    struct db_step *s = next_step(t);
    s->sql = copy_sql;
    s->copy = rows;
    return t->count - 1;
}

/* Our own functions raise whole sentences: the number behind them says nothing more. */
static void cut_sqlstate(struct err *e)
{
    char *number = strstr(e->text, " (SQLSTATE MX");
    if (number != NULL)
        *number = '\0';
}

static int own_code(int rc, const struct db_results *r, struct err *own)
{
    const char *state = r == NULL ? "" : db_sqlstate(r);
    cut_sqlstate(own);
    if (strcmp(state, "MX001") == 0)
        own->rc = ERR_FENCED;
    else if (strcmp(state, "MX002") == 0)
        own->rc = ERR_GONE;
    else if (strcmp(state, "MX003") == 0)
        own->rc = ERR_CONFLICT;
    else if (strcmp(state, "MX004") == 0)
        own->rc = ERR_DIFFERS;
    else if (strcmp(state, "MX005") == 0)
        own->rc = ERR_NOT_FOUND;
    else if (rc == ERR_CONFLICT)
        own->rc = ERR_DB;
    return own->rc;
}

static bool is_worth_another_try(const struct tx *t, int rc, const struct db_results *r)
{
    return rc == ERR_CONFLICT || (t->meets_others && r != NULL && strcmp(db_sqlstate(r), "23505") == 0);
}

static void on_run(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct tx *t = arg;
    struct err own = {0};
    if (is_worth_another_try(t, rc, r) && ++t->tries < TX_TRIES) {
        (void)db_run(t->pool, DB_TX, t->steps, t->count, t->timeout_ms, on_run, t);
        return;
    }
    if (rc != 0) {
        (void)err_copy(&own, e);
        rc = own_code(rc, r, &own);
    }
    t->done(t->arg, rc, r, rc == 0 ? NULL : &own);
    tx_free(t);
}

void tx_free(struct tx *t)
{
    arena_free(&t->arena);
    free(t);
}

void tx_allow(struct tx *t, int64_t timeout_ms)
{
    t->timeout_ms = timeout_ms;
}

void tx_run(struct tx *t, db_done done, void *arg)
{
    t->done = done;
    t->arg = arg;
    (void)db_run(t->pool, DB_TX, t->steps, t->count, t->timeout_ms, on_run, t);
}

date_t db_date(const struct db_results *r, int step, int row, int col)
{
    date_t day;
    return date_parse(db_text(r, step, row, col), &day) ? day : DATE_NONE;
}
