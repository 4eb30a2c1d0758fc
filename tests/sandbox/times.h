#pragma once
#include "common/base/zone.h"
#include <stdbool.h>
#include <stdint.h>
/* Instants as text. */
#define TIMES_TEXT 32
/* Meta's form in a zone, without colon in the offset: 2026-03-21T22:33:56-0700. NULL: UTC. Returns out. */
const char *times_meta(const struct zone *z, int64_t at_ms, char out[TIMES_TEXT]);
/* 2026-03-22T05:33:56Z. Returns out. */
const char *times_utc(int64_t at_ms, char out[TIMES_TEXT]);
/* YYYY-MM-DDTHH:MM:SS with Z, +hh:mm or +hhmm. */
bool times_parse(const char *text, int64_t *at_ms);
