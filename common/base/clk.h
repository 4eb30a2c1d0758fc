#pragma once
#include <stdint.h>
/* The only source of time. Tests replace it. */
int64_t clk_wall_ms(void);                       /* milliseconds since 1970; for calendars only */
int64_t clk_mono_ms(void);                       /* for durations */
void clk_fake(int64_t wall_ms, int64_t mono_ms); /* from now on both stand still at these values */
void clk_fake_advance(int64_t ms);
void clk_real(void);
