#pragma once
/* The one error convention: functions that can fail return 0 or a negative code and take `struct err *e` last, which is
 * written only on failure. e may be NULL when nobody reads the text. Codes are -errno or one of ERR_TABLE. */

/* name, number, stable code (the `error_code` of tables, logs and HTTP answers), meaning */
#define ERR_TABLE(X)                                                                                                   \
    X(ERR_USAGE, -20001, "bad_usage", "the command line is not understood")                                            \
    X(ERR_SETTING, -20002, "bad_setting", "a setting is unknown, malformed or missing")                                \
    X(ERR_INPUT, -20003, "bad_input", "a value given from outside is not acceptable")                                  \
    X(ERR_NOT_FOUND, -20004, "not_found", "the named thing does not exist")                                            \
    X(ERR_CONFLICT, -20005, "conflict", "the state of the thing does not allow this now")                              \
    X(ERR_LIMIT, -20006, "limit_reached", "a resource limit of ours was hit")                                          \
    X(ERR_CANCELED, -20007, "cancelled", "somebody asked to stop")                                                     \
    X(ERR_TIMEOUT, -20008, "timeout", "no answer in time")                                                             \
    X(ERR_CRYPTO, -20009, "key_refused", "no key of TOKEN_ENCRYPTION_KEY opens the token")                             \
    X(ERR_DB, -20010, "database_error", "PostgreSQL refused a statement")                                              \
    X(ERR_DB_AWAY, -20011, "database_away", "PostgreSQL cannot be reached or the connection broke")                    \
    X(ERR_SCHEMA, -20012, "schema_mismatch", "the database has no schema of ours, or one that refuses this version")   \
    X(ERR_FENCED, -20013, "fenced", "somebody else owns this work by now")                                             \
    X(ERR_REDIS, -20014, "redis_error", "Redis refused a command")                                                     \
    X(ERR_REDIS_AWAY, -20015, "redis_away", "Redis cannot be reached or the connection broke")                         \
    X(ERR_NETWORK, -20016, "network", "the provider could not be reached or the transfer broke")                       \
    X(ERR_ANSWER, -20017, "bad_answer", "the provider's answer could not be read")                                     \
    X(ERR_TRANSIENT, -20018, "transient", "the provider failed and says that a retry may help")                        \
    X(ERR_THROTTLED, -20019, "throttled", "the provider or our own budget allows no call now")                         \
    X(ERR_TOO_MUCH_DATA, -20020, "too_much_data", "the provider wants a smaller question")                             \
    X(ERR_NEEDS_REAUTH, -20021, "needs_reauth", "the provider refuses the token; a new one is needed")                 \
    X(ERR_NO_ACCESS, -20022, "no_access", "the token may not read this ad account")                                    \
    X(ERR_BAD_REQUEST, -20023, "bad_request", "the provider refuses our request; a bug of ours")                       \
    X(ERR_GONE, -20024, "gone", "the provider no longer knows the object or cursor")                                   \
    X(ERR_POISON, -20025, "poison", "the job was started again and again and never got a page done")                   \
    X(ERR_DIFFERS, -20027, "differs", "the rows read do not add up to the account's own total")                        \
    X(ERR_NO_MEMORY, -20028, "no_memory", "the system refused memory")                                                 \
    X(ERR_BUG, -20026, "internal", "a bug of ours")                                                                    \
    X(ERR_UNAUTHORIZED, -20040, "unauthorized", "no token of ours came with the request, or one that does not hold")   \
    X(ERR_FORBIDDEN, -20041, "forbidden", "the caller's role or the way it came does not allow this")                  \
    X(ERR_TOO_LARGE, -20042, "too_large", "the body or a list in it is larger than allowed")                           \
    X(ERR_METHOD, -20043, "method_not_allowed", "the resource has no such method")                                     \
    X(ERR_BUSY, -20044, "too_many_requests", "this caller asks more often than it may")

enum err_code {
#define X(name, number, code, meaning) name = (number),
    ERR_TABLE(X)
#undef X
};

struct err {
    int rc;
    char text[480];
};

/* Sets code and text (always valid UTF-8, cut when too long, what looks like a token masked); returns rc, so that
 * `return err_set(…)` is one line. */
int err_set(struct err *e, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Puts "<format>: " before the text there is; returns e's rc, ERR_BUG when e is NULL. */
int err_wrap(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Copies; e may be NULL. Returns from->rc. */
int err_copy(struct err *e, const struct err *from);
/* The stable word for a code, "timeout" for ERR_TIMEOUT; for -errno "system"; "ok" for 0; "internal" for no code of
 * ours. Static. */
const char *err_name(int rc);
/* The code whose stable word this is ("system": -EIO), ERR_BUG when unknown. */
int err_from_name(const char *name);

#define MUST_CHECK __attribute__((warn_unused_result))
