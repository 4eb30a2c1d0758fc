#include "common/store/run_event.h"
#include "common/base/clk.h"
#include "common/base/id.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add(struct run_fields *f, int *at, const char *name, const char *value)
{
    if (value == NULL)
        return;
    f->list[(*at)++] = name;
    f->list[(*at)++] = value;
    f->list[*at] = NULL;
}

static const char *number(struct run_fields *f, int slot, int64_t value)
{
    (void)snprintf(f->numbers[slot], sizeof f->numbers[slot], "%" PRId64, value);
    return f->numbers[slot];
}

void run_fields_fill(struct run_fields *f, const struct run_news *n)
{
    int at = 0;
    f->list[0] = NULL;
    add(f, &at, "status", n->status);
    add(f, &at, "connection_id", n->connection_id);
    add(f, &at, "kind", n->kind);
    add(f, &at, "chunks_total", number(f, 0, n->chunks_total));
    add(f, &at, "chunks_done", number(f, 1, n->chunks_done));
    add(f, &at, "rows", number(f, 2, n->rows));
    add(f, &at, "calls", number(f, 3, n->calls));
    add(f, &at, "error_code", n->error_code);
    add(f, &at, "error", n->error);
    add(f, &at, "updated_at", number(f, 4, clk_wall_ms()));
    if (strcmp(n->status, "running") != 0 && strcmp(n->status, "queued") != 0) { /* what was estimated meanwhile */
        add(f, &at, "calls_left", "0");
        add(f, &at, "eta_seconds", "0");
        add(f, &at, "parked_until", "");
    }
}

static void add_text(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, ",\"%s\":", name);
    if (value == NULL)
        buf_add_str(out, "null");
    else
        buf_add_json(out, value);
}

void run_event_write(struct buf *out, const struct run_news *n, bool started)
{
    char id[UUID_TEXT];
    uuid_make(id);
    const char *word = n->status;
    if (started)
        word = "started";
    else if (strcmp(n->status, "running") == 0 || strcmp(n->status, "queued") == 0)
        word = "progress";
    buf_addf(out, "{\"event_id\":\"%s\",\"type\":\"run.%s\",\"at\":%" PRId64, id, word, clk_wall_ms());
    add_text(out, "workspace_id", n->workspace_id);
    add_text(out, "connection_id", n->connection_id);
    add_text(out, "run_id", n->run_id);
    add_text(out, "status", n->status);
    buf_addf(out, ",\"chunks_total\":%" PRId64 ",\"chunks_done\":%" PRId64 ",\"rows\":%" PRId64 ",\"calls\":%" PRId64,
             n->chunks_total, n->chunks_done, n->rows, n->calls);
    add_text(out, "error_code", n->error_code);
    add_text(out, "error", n->error);
    buf_add_char(out, '}');
}
