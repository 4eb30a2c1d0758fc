#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/secret.h"
#include <stdbool.h>
#include <stdint.h>
/* Every setting of every program: one table (settings_table.h) gives parser, --help and docs/settings.md.
 * Order of precedence: environment, then the file of --config; NAME_FILE reads a value from a file, in both. */
enum program { PROGRAM_CLI = 1, PROGRAM_SCHEDULER = 2, PROGRAM_WORKER = 4, PROGRAM_API = 8 };

struct settings {
    const char *database_url, *redis_url, *queue_prefix;
    struct secret *token_encryption_key; /* NULL when not set */
    const char *meta_graph_url, *meta_dialog_url, *meta_api_version, *meta_app_id;
    struct secret *meta_app_secret, *meta_access_token; /* NULL when not set */
    int64_t meta_calls_per_window, meta_app_calls_per_window, meta_window_seconds;
    int64_t meta_connect_timeout_seconds, meta_timeout_seconds;
    int64_t backfill_days, restate_days;
    int64_t chunk_days; /* 0 = auto */
    int64_t page_limit;
    int64_t nightly_at; /* minute of the day */
    int64_t intraday_minutes;
    int64_t worker_concurrency, database_connections, lease_seconds, max_attempts, shutdown_grace_seconds;
    const char *listen, *metrics_listen; /* "host:port" */
    bool metrics_listen_given;           /* false: the default, so the next free port will do */
    const char *public_url;
    struct secret *jwt_secret;
    int64_t retain_runs_days;
    enum log_level log_level;
    enum log_format log_format;
    struct buf text; /* owns the strings above */
};

/* Reads environment (NULL-terminated "NAME=value" list) and the config file (NULL for none) into *s. ERR_SETTING names
 * the setting, its value (never a secret's) and what would be right. On failure *s is cleared. */
int settings_load(struct settings *s, enum program who, const char *config_path, char *const *environment,
                  struct err *e) MUST_CHECK;
void settings_clear(struct settings *s);
void settings_help(struct buf *out, enum program who); /* the settings part of --help */
void settings_markdown(struct buf *out);               /* docs/settings.md */
/* "127.0.0.1:9411" or "[::1]:80" into host (size 64) and port; ERR_SETTING naming `name`. */
int settings_host_port(const char *name, const char *text, char host[64], int *port, struct err *e) MUST_CHECK;
