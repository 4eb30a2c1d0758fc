#pragma once
#include "common/base/err.h"
#include <stdbool.h>
#include <stdint.h>
/* One line an event to stderr, logfmt or JSON. Never blocks: lines go to a bounded buffer that a thread of its own
 * writes out; what does not fit is dropped and counted. Fields are typed, and there is no field type for a secret; text
 * that looks like a token (access_token=…, Bearer …, EAA…) is masked all the same. */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
    const char *key;
    enum { LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_BOOL, LOG_FIELD_ERR } type;
    union {
        const char *s; /* NULL prints as an empty value */
        int64_t i;
        bool b;
        const struct err *e; /* prints error_code= and error= */
    } v;
};
#define F_STR(k, x) ((struct log_field){.key = (k), .type = LOG_FIELD_STR, .v.s = (x)})
#define F_INT(k, x) ((struct log_field){.key = (k), .type = LOG_FIELD_INT, .v.i = (int64_t)(x)})
#define F_BOOL(k, x) ((struct log_field){.key = (k), .type = LOG_FIELD_BOOL, .v.b = (x)})
#define F_ERR(x) ((struct log_field){.key = "error", .type = LOG_FIELD_ERR, .v.e = (x)})

/* Ends a list of fields; the macros below add it. */
#define LOG_END ((struct log_field){.key = NULL})

/* Starts the writer thread; program must stay valid. Before it, and after log_stop(), events go nowhere. */
void log_start(const char *program, enum log_level least, enum log_format format);
void log_stop(void); /* writes out what is buffered, for at most one second; no other thread may log by then */
bool log_enabled(enum log_level level);
int64_t log_dropped(void); /* lines lost since the start, for /metrics */
void log_event(enum log_level level, const char *event, const struct log_field *fields);

/* log_info("run planned", F_STR("run", id), F_INT("chunks", n)); log_info("ready"); */
#define LOG_AT(level, event, ...) log_event((level), (event), (const struct log_field[]){__VA_ARGS__})
#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__, LOG_END)
#define log_info(...) LOG_AT(LOG_INFO, __VA_ARGS__, LOG_END)
#define log_warn(...) LOG_AT(LOG_WARN, __VA_ARGS__, LOG_END)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__, LOG_END)
