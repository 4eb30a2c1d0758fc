#pragma once
#include "common/base/buf.h"
#include <stdbool.h>
#include <stdint.h>
/* A run's progress on stderr: a bar that moves on a terminal, else a plain line every few seconds. */
struct progress_state {
    const char *status;  /* of the run */
    int64_t done, total; /* chunks */
    int64_t rows, calls;
};
struct progress {
    bool terminal;
    bool open;          /* a bar stands on the line */
    int64_t started_ms; /* monotonic */
    int64_t first_done; /* chunks that were done when watching began; -1: nothing seen yet */
    int64_t line_ms;    /* when the last plain line was written */
};
void progress_start(struct progress *p);
/* last: the run has ended, so this is shown in any case. */
void progress_show(struct progress *p, const struct progress_state *now, bool last);
/* Leaves the bar as it stands and goes to the next line. */
void progress_break(struct progress *p);
/* Pure: milliseconds that the rest will take at the pace so far; -1 when nothing can be said. */
int64_t progress_left_ms(const struct progress_state *now, int64_t first_done, int64_t elapsed_ms);
/* Pure: "[####----] 2/4 chunks  12,345 rows  18 calls  0:42 left"; without the bar when `bar` is false. */
void progress_line(struct buf *out, const struct progress_state *now, int64_t left_ms, bool bar);
