#pragma once
#include "common/base/buf.h"
#include <stdbool.h>
#include <stdint.h>
/* A run's progress on stderr: a bar that moves on a terminal, else a plain line every few seconds. */
struct progress_state {
    const char *status;  /* of the run */
    int64_t done, total; /* chunks */
    int64_t rows, calls;
    int64_t calls_left, left_ms; /* as the scheduler estimates them; -1 = unknown */
    const char *resumes;         /* "14:05": no call is allowed until then; NULL: it goes on */
};
struct progress {
    bool terminal;
    bool open;       /* a bar stands on the line */
    int64_t line_ms; /* when the last plain line was written */
};
void progress_start(struct progress *p);
/* last: the run has ended, so this is shown in any case. */
void progress_show(struct progress *p, const struct progress_state *now, bool last);
/* Leaves the bar as it stands and goes to the next line. */
void progress_break(struct progress *p);
/* Pure: "[####----] running  2/4 chunks  12,345 rows  18 calls, 9 left  0:42 left  resumes at 14:05"; without the bar
 * when `bar` is false. */
void progress_line(struct buf *out, const struct progress_state *now, bool bar);
