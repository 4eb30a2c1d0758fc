#pragma once
#include "common/base/date.h"
#include "common/base/err.h"
#include <stdint.h>
/* IANA time zones over GLib's GTimeZone. Zones are cached for the life of the process and never freed before
 * zone_shutdown(). Main thread only. Instants are milliseconds since 1970 UTC. */
struct zone;
/* Borrowed. ERR_INPUT when the name is not a zone of this machine's tzdata; -errno when descriptors or memory were
 * lacking for its file, which says nothing of the name. "UTC" never fails. */
int zone_get(const char *name, const struct zone **out, struct err *e) MUST_CHECK;
date_t zone_day(const struct zone *z, int64_t at_ms); /* the calendar day in which the instant falls */
int64_t zone_day_start_ms(const struct zone *z,
                          date_t day); /* its first instant; where midnight is skipped, the jump */
int zone_offset_seconds(const struct zone *z, int64_t at_ms); /* east of UTC */
/* The first instant after `after_ms` at which the wall clock shows minute_of_day (0 to 1439); a skipped time is the
 * jump, a doubled one its first pass. */
int64_t zone_next_ms(const struct zone *z, int64_t after_ms, int minute_of_day);
void zone_shutdown(void);
