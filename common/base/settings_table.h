#pragma once
#include "common/base/settings.h"
#include <stddef.h>
/* Every setting, once. Private to settings*.c: parser, --help and docs/settings.md come from it. */
enum setting_kind {
    SETTING_DATABASE,  /* const char *: libpq connection string or URL */
    SETTING_REDIS,     /* const char *: URL of a Redis */
    SETTING_PREFIX,    /* const char *: with a {hash tag} */
    SETTING_META_URL,  /* const char *: https, or http to loopback; trailing slashes go */
    SETTING_WEB_URL,   /* const char *: http or https; trailing slashes go */
    SETTING_VERSION,   /* const char *: v26.0 */
    SETTING_DIGITS,    /* const char * */
    SETTING_HOST_PORT, /* const char * */
    SETTING_SECRET,    /* struct secret * */
    SETTING_JWT,       /* struct secret *: list of at least 32 bytes each */
    SETTING_NUMBER,    /* int64_t within min and max */
    SETTING_CHUNK,     /* int64_t: a number, or auto = 0 */
    SETTING_CLOCK,     /* int64_t: HH:MM as minute of the day */
    SETTING_LEVEL,     /* enum log_level */
    SETTING_FORMAT,    /* enum log_format */
};

enum {
    ALL = PROGRAM_CLI | PROGRAM_SCHEDULER | PROGRAM_WORKER | PROGRAM_API,
    DAEMONS = PROGRAM_SCHEDULER | PROGRAM_WORKER | PROGRAM_API,
    NONE = 0,
};

struct setting {
    const char *name;
    size_t offset;      /* of the field in struct settings */
    const char *preset; /* default; NULL: not set */
    const char *unit, *meaning;
    int64_t min, max; /* of numbers */
    enum setting_kind kind;
    unsigned who, required; /* programs that read it; that cannot do without */
    bool hidden;            /* may hold a secret: its value is never shown */
};

/* name, field, kind, default, who, required by, min, max, unit, hidden, meaning */
#define SETTING_TABLE(X)                                                                                               \
    X("DATABASE_URL", database_url, SETTING_DATABASE, "postgresql:///metricx", ALL, NONE, 0, 0, "", true,              \
      "libpq connection string or URL; a direct or session-pooled connection")                                         \
    X("REDIS_URL", redis_url, SETTING_REDIS, "redis://127.0.0.1:6379/0", ALL, NONE, 0, 0, "", true,                    \
      "`redis://[user:password@]host:port/db`, `unix:///path?db=0`, or `rediss://` where hiredis has TLS; one "        \
      "primary")                                                                                                       \
    X("QUEUE_PREFIX", queue_prefix, SETTING_PREFIX, "{metricx}", ALL, NONE, 0, 0, "", false,                           \
      "first part of every Redis key; the braces keep all keys in one cluster slot")                                   \
    X("TOKEN_ENCRYPTION_KEY", token_encryption_key, SETTING_SECRET, NULL, ALL, PROGRAM_WORKER | PROGRAM_API, 0, 0, "", \
      true, "Fernet keys, comma separated: the first encrypts, all decrypt; `metricx keygen` makes one")               \
    X("META_GRAPH_URL", meta_graph_url, SETTING_META_URL, "https://graph.facebook.com", ALL, NONE, 0, 0, "", false,    \
      "where Meta's Graph API is; plain http is accepted for loopback addresses only")                                 \
    X("META_DIALOG_URL", meta_dialog_url, SETTING_META_URL, "https://www.facebook.com", ALL, NONE, 0, 0, "", false,    \
      "host of the OAuth dialog")                                                                                      \
    X("META_API_VERSION", meta_api_version, SETTING_VERSION, "v26.0", ALL, NONE, 0, 0, "", false,                      \
      "version of the Graph API")                                                                                      \
    X("META_APP_ID", meta_app_id, SETTING_DIGITS, NULL, ALL, NONE, 0, 0, "", false, "the Meta app, for OAuth")         \
    X("META_APP_SECRET", meta_app_secret, SETTING_SECRET, NULL, ALL, NONE, 0, 0, "", true,                             \
      "the Meta app's secret: OAuth, and `appsecret_proof` on every call when it is set")                              \
    X("META_ACCESS_TOKEN", meta_access_token, SETTING_SECRET, NULL, PROGRAM_CLI | PROGRAM_WORKER, NONE, 0, 0, "",      \
      true, "token of the connections that the command line made without one; the API never falls back to it")         \
    X("META_CALLS_PER_WINDOW", meta_calls_per_window, SETTING_NUMBER, "200", ALL, NONE, 1, 1000000, "calls", false,    \
      "calls allowed per ad account in any rolling window, over all workers")                                          \
    X("META_APP_CALLS_PER_WINDOW", meta_app_calls_per_window, SETTING_NUMBER, "0", ALL, NONE, 0, 100000000, "calls",   \
      false, "the same per app; 0 = no limit of our own")                                                              \
    X("META_WINDOW_SECONDS", meta_window_seconds, SETTING_NUMBER, "3600", ALL, NONE, 1, 86400, "seconds", false,       \
      "length of that window")                                                                                         \
    X("META_CONNECT_TIMEOUT_SECONDS", meta_connect_timeout_seconds, SETTING_NUMBER, "10", ALL, NONE, 1, 300,           \
      "seconds", false, "how long connecting to Meta may take")                                                        \
    X("META_TIMEOUT_SECONDS", meta_timeout_seconds, SETTING_NUMBER, "180", ALL, NONE, 1, 3600, "seconds", false,       \
      "how long one call may take; a transfer below 1 byte/s for 60 s is cut too")                                     \
    X("BACKFILL_DAYS", backfill_days, SETTING_NUMBER, "90", ALL, NONE, 1, 1127, "days", false,                         \
      "how far the first sync reaches back")                                                                           \
    X("RESTATE_DAYS", restate_days, SETTING_NUMBER, "28", ALL, NONE, 0, 365, "days", false,                            \
      "how many days are read again each night because Meta restates them")                                            \
    X("CHUNK_DAYS", chunk_days, SETTING_CHUNK, "auto", ALL, NONE, 1, 90, "days", false,                                \
      "days that one job covers: `auto` plans them from the account's size, a number fixes them")                      \
    X("PAGE_LIMIT", page_limit, SETTING_NUMBER, "1000", ALL, NONE, 1, 10000, "rows", false,                            \
      "rows asked for per page; shrinks by itself when Meta says so, grows back later")                                \
    X("NIGHTLY_AT", nightly_at, SETTING_CLOCK, "03:00", ALL, NONE, 0, 0, "", false,                                    \
      "nightly sync at this hour of the account's own zone")                                                           \
    X("INTRADAY_MINUTES", intraday_minutes, SETTING_NUMBER, "60", ALL, NONE, 0, 1440, "minutes", false,                \
      "today and yesterday are read again this often; 0 = never")                                                      \
    X("WORKER_CONCURRENCY", worker_concurrency, SETTING_NUMBER, "64", PROGRAM_WORKER, NONE, 1, 1024, "jobs", false,    \
      "jobs in flight in one worker")                                                                                  \
    X("DATABASE_CONNECTIONS", database_connections, SETTING_NUMBER, "4", DAEMONS, NONE, 1, 64, "connections", false,   \
      "PostgreSQL connections of one process")                                                                         \
    X("LEASE_SECONDS", lease_seconds, SETTING_NUMBER, "30", ALL, NONE, 2, 3600, "seconds", false,                      \
      "a job whose worker is silent this long goes back to the queue")                                                 \
    X("MAX_ATTEMPTS", max_attempts, SETTING_NUMBER, "8", ALL, NONE, 1, 100, "attempts", false,                         \
      "after so many failures a job is a dead letter")                                                                 \
    X("SHUTDOWN_GRACE_SECONDS", shutdown_grace_seconds, SETTING_NUMBER, "25", DAEMONS, NONE, 0, 3600, "seconds",       \
      false, "time to finish or hand back work in flight when told to stop")                                           \
    X("LISTEN", listen, SETTING_HOST_PORT, "127.0.0.1:8080", PROGRAM_API, NONE, 0, 0, "", false, "the API's address")  \
    X("METRICS_LISTEN", metrics_listen, SETTING_HOST_PORT, "127.0.0.1:9411", DAEMONS, NONE, 0, 0, "", false,           \
      "address of /metrics, /healthz and /readyz; port 0 = any free one; a default that is taken: the next free one")  \
    X("PUBLIC_URL", public_url, SETTING_WEB_URL, "http://127.0.0.1:8080", PROGRAM_API | PROGRAM_CLI, NONE, 0, 0, "",   \
      false, "what browsers and Meta call us by")                                                                      \
    X("JWT_SECRET", jwt_secret, SETTING_JWT, NULL, PROGRAM_API | PROGRAM_CLI, PROGRAM_API, 0, 0, "", true,             \
      "HS256 secrets of at least 32 bytes, comma separated: the first signs, all verify")                              \
    X("RETAIN_RUNS_DAYS", retain_runs_days, SETTING_NUMBER, "90", PROGRAM_SCHEDULER, NONE, 1, 3650, "days", false,     \
      "closed runs and chunks older than this are deleted in batches")                                                 \
    X("LOG_LEVEL", log_level, SETTING_LEVEL, "info", ALL, NONE, 0, 0, "", false,                                       \
      "least level that is logged: debug, info, warn or error")                                                        \
    X("LOG_FORMAT", log_format, SETTING_FORMAT, "logfmt", ALL, NONE, 0, 0, "", false, "logfmt or json")

/* Rows by the name of their field: SETTING_AT_database_url. */
enum {
#define X(name, field, ...) SETTING_AT_##field,
    SETTING_TABLE(X)
#undef X
        SETTING_COUNT
};

extern const struct setting setting_table[SETTING_COUNT];

/* The default for this program; NULL for none. */
const char *setting_preset(const struct setting *row, enum program who);
/* Parses text into the field of s; texts are appended to s->text, whose memory must suffice. False when text is not as
 * setting_wanted() says. */
bool setting_store(const struct setting *row, const char *text, struct settings *s);
/* Appends what a value must look like, "a whole number of days from 1 to 90". */
void setting_wanted(const struct setting *row, struct buf *out);
