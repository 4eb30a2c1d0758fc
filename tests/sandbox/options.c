#include "tests/sandbox/options.h"
#include "common/base/clk.h"
#include "common/base/settings.h"
#include "common/base/str.h"
#include "tests/sandbox/times.h"

/* What the words on the command line are turned into before they are checked together. */
struct given {
    const char *listen, *port_file, *today, *now, *anchor, *zone, *currency, *token, *app_id, *app_secret, *tier,
        *score_error;
    int64_t seed, accounts, campaigns, adsets, ads;
    int64_t limit_calls, limit_window, app_limit_calls, app_limit_window, score_max, score_window, score_block;
    int64_t limit_speed, latency_ms, cursor_seconds;
    bool stop_clock, require_proof, no_usage_headers, hostile_names, deleted_filter_error, empty_paging, strict_version,
        check, help, version;
};

enum kind { TEXT, NUMBER, FLAG };
struct option {
    const char *name, *argument, *meaning;
    enum kind kind;
    size_t at; /* in struct given */
    int64_t min, max;
};
#define OPT_TEXT(name, field, argument, meaning)                                                                       \
    {                                                                                                                  \
        name, argument, meaning, TEXT, offsetof(struct given, field), 0, 0                                             \
    }
#define OPT_NUMBER(name, field, min, max, meaning)                                                                     \
    {                                                                                                                  \
        name, "N", meaning, NUMBER, offsetof(struct given, field), min, max                                            \
    }
#define OPT_FLAG(name, field, meaning)                                                                                 \
    {                                                                                                                  \
        name, "", meaning, FLAG, offsetof(struct given, field), 0, 0                                                   \
    }

static const struct option options[] = {
    OPT_TEXT("--listen", listen, "HOST:PORT", "where to listen; port 0 = any free one (127.0.0.1:8098)"),
    OPT_TEXT("--port-file", port_file, "FILE", "write the port there once listening"),
    OPT_NUMBER("--seed", seed, 0, INT64_MAX, "the whole world follows from it (1)"),
    OPT_NUMBER("--accounts", accounts, 1, 1000000, "ad accounts, from act_1001 on (1)"),
    OPT_NUMBER("--campaigns", campaigns, 1, 900000, "per account (10)"),
    OPT_NUMBER("--adsets", adsets, 1, 900000, "per account (20)"),
    OPT_NUMBER("--ads", ads, 0, 900000, "per account (100)"),
    OPT_TEXT("--today", today, "YYYY-MM-DD", "start the clock at noon UTC of that day (the real time)"),
    OPT_TEXT("--now", now, "ISO", "start the clock at that instant"),
    OPT_FLAG("--stop-clock", stop_clock, "the clock stands still"),
    OPT_TEXT("--anchor", anchor, "YYYY-MM-DD", "day around which objects start and stop (the start's week)"),
    OPT_TEXT("--zone", zone, "NAME", "IANA zone of all accounts (a mix; the first is in Berlin)"),
    OPT_TEXT("--currency", currency, "CODE", "currency of all accounts (a mix; the first has EUR)"),
    OPT_FLAG("--hostile-names", hostile_names, "names with quotes, line breaks, SQL, emoji, 400 characters"),
    OPT_TEXT("--token", token, "TEXT", "a token for all accounts (sandbox-token)"),
    OPT_TEXT("--app-id", app_id, "ID", "(100000000000001)"),
    OPT_TEXT("--app-secret", app_secret, "TEXT", "checked against appsecret_proof and client_secret (any is right)"),
    OPT_FLAG("--require-proof", require_proof, "refuse calls without appsecret_proof"),
    OPT_TEXT("--tier", tier, "WORD", "development or standard: Meta's formulas for limits (standard)"),
    OPT_NUMBER("--limit-calls", limit_calls, 0, INT32_MAX, "calls per account and window instead of Meta's formulas"),
    OPT_NUMBER("--limit-window", limit_window, 1, 1000000, "seconds (3600)"),
    OPT_NUMBER("--limit-speed", limit_speed, 1, 3600, "limits run so many times as fast, stated times too (1)"),
    OPT_NUMBER("--app-limit-calls", app_limit_calls, 0, INT32_MAX, "calls of the whole app per window (unlimited)"),
    OPT_NUMBER("--app-limit-window", app_limit_window, 1, 1000000, "seconds (3600)"),
    OPT_NUMBER("--score-max", score_max, 0, INT32_MAX, "points per account before a block (60 or 9000, by tier)"),
    OPT_NUMBER("--score-window", score_window, 0, 1000000, "seconds in which points decay (300)"),
    OPT_NUMBER("--score-block", score_block, 0, 1000000, "seconds of a block (300 or 60, by tier)"),
    OPT_TEXT("--score-error", score_error, "CODE", "17 or 613: how a block is told (17)"),
    OPT_FLAG("--no-usage-headers", no_usage_headers, "leave the usage headers out"),
    OPT_FLAG("--strict-version", strict_version, "refuse dead API versions, instead of serving them by one alive"),
    OPT_FLAG("--deleted-filter-error", deleted_filter_error, "edges answer error 100 to DELETED in a status filter"),
    OPT_FLAG("--empty-paging", empty_paging, "an empty list carries \"paging\":{}"),
    OPT_NUMBER("--latency-ms", latency_ms, 0, 600000, "before every answer (0)"),
    OPT_NUMBER("--cursor-seconds", cursor_seconds, 1, INT32_MAX, "how long a paging cursor is good (3600)"),
    OPT_FLAG("--check", check, "only check the options"),
    OPT_FLAG("--version", version, ""),
    OPT_FLAG("--help", help, ""),
};

static void print_help(void)
{
    printf("metricx-sandbox: a local double of Meta's Graph API with a deterministic world.\n\n"
           "usage: metricx-sandbox [option]...\n\n");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        printf("  %s %-*s %s\n", options[i].name, (int)(24 - strlen(options[i].name)), options[i].argument,
               options[i].meaning);
    printf(
        "\nTests drive it with /sandbox/clock, truth, calls, reset-calls, restate, token, account, entity, delete-ad,\n"
        "limits, block, oauth, fault, too-much, forbid, versions, report and reports.\n");
}

static int read_one(const struct option *option, struct given *g, const char *value, struct err *e)
{
    void *field = (char *)g + option->at;
    if (option->kind == FLAG) {
        *(bool *)field = true;
        return 0;
    }
    if (value == NULL)
        return err_set(e, ERR_USAGE, "%s needs a value", option->name);
    if (option->kind == TEXT)
        *(const char **)field = value;
    else if (!str_to_i64(value, option->min, option->max, field))
        return err_set(e, ERR_USAGE, "%s is %s; it must be a number from %lld to %lld", option->name, value,
                       (long long)option->min, (long long)option->max);
    return 0;
}

static int read_all(struct given *g, int argc, char **argv, struct err *e)
{
    for (int i = 1; i < argc; i++) {
        size_t at = 0, count = sizeof options / sizeof *options;
        while (at < count && strcmp(options[at].name, argv[i]) != 0)
            at++;
        if (at == count)
            return err_set(e, ERR_USAGE, "%s is no option; see --help", argv[i]);
        bool flag = options[at].kind == FLAG;
        int rc = read_one(&options[at], g, flag || i + 1 == argc ? NULL : argv[i + 1], e);
        if (rc != 0)
            return rc;
        i += !flag;
    }
    return 0;
}

static int read_times(const struct given *g, struct sandbox_options *o, struct err *e)
{
    date_t day;
    if (g->today != NULL) {
        if (!date_parse(g->today, &day))
            return err_set(e, ERR_USAGE, "--today is %s; it must be a day like 2026-11-22", g->today);
        o->now_ms = day * INT64_C(86400000) + 43200000;
    }
    if (g->now != NULL && !times_parse(g->now, &o->now_ms))
        return err_set(e, ERR_USAGE, "--now is %s; it must be a time like 2026-11-22T10:00:00Z", g->now);
    int64_t start_ms = o->now_ms != 0 ? o->now_ms : clk_wall_ms();
    o->world.anchor = (date_t)(start_ms / 86400000 / 7 * 7); /* by weeks: a restart meets the same world */
    if (g->anchor != NULL && !date_parse(g->anchor, &o->world.anchor))
        return err_set(e, ERR_USAGE, "--anchor is %s; it must be a day like 2026-11-22", g->anchor);
    return 0;
}

static int read_words(const struct given *g, struct sandbox_options *o, struct err *e)
{
    if (strcmp(g->tier, "development") != 0 && strcmp(g->tier, "standard") != 0)
        return err_set(e, ERR_USAGE, "--tier is %s; it must be development or standard", g->tier);
    if (strcmp(g->score_error, "17") != 0 && strcmp(g->score_error, "613") != 0)
        return err_set(e, ERR_USAGE, "--score-error is %s; it must be 17 or 613", g->score_error);
    if (g->require_proof && g->app_secret == NULL)
        return err_set(e, ERR_USAGE, "--require-proof needs --app-secret");
    if (strlen(g->token) >= 256)
        return err_set(e, ERR_USAGE, "--token is longer than 255 characters");
    return settings_host_port("--listen", g->listen, o->host, &o->port, e);
}

static int convert(const struct given *g, struct sandbox_options *o, struct err *e)
{
    *o = (struct sandbox_options){.world = {.seed = (uint64_t)g->seed,
                                            .accounts = (int)g->accounts,
                                            .timezone = g->zone,
                                            .currency = g->currency,
                                            .counts = {1, (int)g->campaigns, (int)g->adsets, (int)g->ads},
                                            .hostile_names = g->hostile_names},
                                  .limits = {.speed = g->limit_speed,
                                             .development_tier = strcmp(g->tier, "development") == 0,
                                             .omit_headers = g->no_usage_headers,
                                             .calls = g->limit_calls,
                                             .window_ms = g->limit_window * 1000,
                                             .app_calls = g->app_limit_calls,
                                             .app_window_ms = g->app_limit_window * 1000,
                                             .score_max = g->score_max,
                                             .score_window_ms = g->score_window * 1000,
                                             .score_block_ms = g->score_block * 1000,
                                             .score_error_613 = strcmp(g->score_error, "613") == 0},
                                  .versions = {VERSION_OLDEST, g->strict_version},
                                  .port_file = g->port_file,
                                  .stop_clock = g->stop_clock,
                                  .token = g->token,
                                  .app_id = g->app_id,
                                  .app_secret = g->app_secret,
                                  .require_proof = g->require_proof,
                                  .deleted_filter_error = g->deleted_filter_error,
                                  .empty_paging = g->empty_paging,
                                  .latency_ms = g->latency_ms,
                                  .cursor_lifetime_ms = g->cursor_seconds * 1000};
    int rc = read_words(g, o, e);
    return rc != 0 ? rc : read_times(g, o, e);
}

int options_read(struct sandbox_options *o, int argc, char **argv)
{
    struct err e;
    struct given g = {.listen = "127.0.0.1:8098",
                      .token = "sandbox-token",
                      .app_id = "100000000000001",
                      .tier = "standard",
                      .score_error = "17",
                      .seed = 1,
                      .accounts = 1,
                      .campaigns = 10,
                      .adsets = 20,
                      .ads = 100,
                      .limit_window = 3600,
                      .limit_speed = 1,
                      .app_limit_window = 3600,
                      .cursor_seconds = 3600};
    int rc = read_all(&g, argc, argv, &e);
    if (rc == 0 && g.help) {
        print_help();
        return 0;
    }
    if (rc == 0 && g.version) {
        printf("metricx-sandbox %s\n", METRICX_VERSION);
        return 0;
    }
    if (rc == 0)
        rc = convert(&g, o, &e);
    if (rc != 0) {
        fprintf(stderr, "metricx-sandbox: %s\n", e.text);
        return 2;
    }
    return g.check ? 0 : OPTIONS_RUN;
}
