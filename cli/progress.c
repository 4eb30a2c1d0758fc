#include "cli/progress.h"
#include "common/base/clk.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, LINE_EVERY_MS = 5000, LINE_BYTES_MAX = 512 };

void progress_start(struct progress *p)
{
    *p = (struct progress){.terminal = isatty(STDERR_FILENO) == 1};
}

static void add_number(struct buf *out, int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n < 0 ? 0 : n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_add_char(out, ',');
        buf_add_char(out, digits[i]);
    }
}

static void add_duration(struct buf *out, int64_t ms)
{
    int64_t s = (ms + 999) / 1000;
    if (s >= 3600)
        buf_addf(out, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
    else
        buf_addf(out, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

void progress_line(struct buf *out, const struct progress_state *now, bool bar)
{
    int64_t full = now->total > 0 ? BAR_WIDTH * now->done / now->total : 0;
    if (bar) {
        buf_add_char(out, '[');
        for (int64_t i = 0; i < BAR_WIDTH; i++)
            buf_add_char(out, i < full ? '#' : '-');
        buf_add_str(out, "] ");
    }
    buf_addf(out, "%s  %" PRId64 "/%" PRId64 " chunks  ", now->status, now->done, now->total);
    add_number(out, now->rows);
    buf_add_str(out, " rows  ");
    add_number(out, now->calls);
    buf_add_str(out, " calls");
    if (now->calls_left >= 0) {
        buf_add_str(out, ", ");
        add_number(out, now->calls_left);
        buf_add_str(out, " left");
    }
    if (now->left_ms >= 0) {
        buf_add_str(out, "  ");
        add_duration(out, now->left_ms);
        buf_add_str(out, " left");
    }
    if (now->resumes != NULL)
        buf_addf(out, "  resumes at %s", now->resumes);
}

void progress_show(struct progress *p, const struct progress_state *now, bool last)
{
    int64_t at = clk_mono_ms();
    if (!p->terminal && !last && p->line_ms && at - p->line_ms < LINE_EVERY_MS)
        return;
    p->line_ms = at;
    struct buf line;
    buf_init(&line, LINE_BYTES_MAX);
    progress_line(&line, now, p->terminal);
    (void)fprintf(stderr, p->terminal ? "\r\033[K%s" : "%s\n", buf_str(&line));
    (void)fflush(stderr);
    p->open = p->terminal;
    buf_free(&line);
}

void progress_break(struct progress *p)
{
    if (p->open)
        (void)fputc('\n', stderr);
    p->open = false;
    p->line_ms = 0;
}
