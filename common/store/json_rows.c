#include "common/store/json_rows.h"
#include "common/base/mem.h"
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX ((size_t)256 << 20)

int json_rows_of(const struct db_results *r, int count, int columns, struct json_rows *out, struct err *e)
{
    *out = (struct json_rows){.count = count, .texts = mem_new((size_t)count + 1, sizeof *out->texts)};
    buf_init(&out->buf, BYTES_MAX);
    db_add_json(&out->buf, r, 0, count, columns);
    if (out->buf.overflow)
        return err_set(e, ERR_NO_MEMORY, "no memory for the rows of a list");
    const char *at = buf_str(&out->buf);
    for (int i = 0; i < count; i++, at += strlen(at) + 1)
        out->texts[i] = at;
    return 0;
}

void json_rows_clear(struct json_rows *rows)
{
    free(rows->texts);
    buf_free(&rows->buf);
}
