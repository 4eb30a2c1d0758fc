#include "common/base/settings.h"
#include "common/base/settings_table.h"
#include "common/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
/* cmocka needs the four above it */
#include <cmocka.h>

#define KEY "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
#define PASSWORD "hunter2hunter2"

static char folder[] = "/tmp/test_settings_XXXXXX";

static char *write_file(const char *name, const char *text)
{
    char *path = str_printf("%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Loads from up to three environment entries and the text of a config file; NULL for none. */
static int load(struct settings *s, enum program who, const char *config, const char *a, const char *b, const char *c,
                struct err *e)
{
    char *entries[] = {str_dup(a), str_dup(b), str_dup(c), NULL};
    char *list[4] = {NULL}, *path = config != NULL ? write_file("metricx.conf", config) : NULL;
    size_t count = 0;
    int rc;

    for (size_t i = 0; i < 3; i++) {
        if (entries[i] != NULL)
            list[count++] = entries[i];
    }
    rc = settings_load(s, who, path, list, e);
    free(path);
    for (size_t i = 0; i < 3; i++)
        free(entries[i]);
    return rc;
}

static void load_cli(struct settings *s, const char *config, const char *entry)
{
    struct err e;

    if (load(s, PROGRAM_CLI, config, entry, NULL, NULL, &e) != 0)
        fail_msg("%s", e.text);
}

static void check_refused(enum program who, const char *config, const char *entry, const char *says)
{
    struct settings s;
    struct err e;

    if (load(&s, who, config, entry, NULL, NULL, &e) != ERR_SETTING)
        fail_msg("accepted: %s%s", config != NULL ? config : "", entry != NULL ? entry : "");
    if (strstr(e.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.text, says);
    assert_null(strstr(e.text, PASSWORD));
    assert_null(s.text.data);
    assert_null(s.database_url);
}

static void defaults_are_the_contract(void **state)
{
    struct settings s;
    struct err e;

    (void)state;
    load_cli(&s, NULL, NULL);
    assert_string_equal(s.database_url, "postgresql:///metricx");
    assert_string_equal(s.redis_url, "redis://127.0.0.1:6379/0");
    assert_string_equal(s.queue_prefix, "{metricx}");
    assert_null(s.token_encryption_key);
    assert_string_equal(s.meta_graph_url, "https://graph.facebook.com");
    assert_string_equal(s.meta_dialog_url, "https://www.facebook.com");
    assert_string_equal(s.meta_api_version, "v26.0");
    assert_null(s.meta_app_id);
    assert_null(s.meta_app_secret);
    assert_null(s.meta_access_token);
    assert_int_equal(s.meta_calls_per_window, 200);
    assert_int_equal(s.meta_app_calls_per_window, 0);
    assert_int_equal(s.meta_window_seconds, 3600);
    assert_int_equal(s.meta_connect_timeout_seconds, 10);
    assert_int_equal(s.meta_timeout_seconds, 180);
    assert_int_equal(s.backfill_days, 90);
    assert_int_equal(s.restate_days, 28);
    assert_int_equal(s.chunk_days, 0);
    assert_int_equal(s.page_limit, 1000);
    assert_int_equal(s.nightly_at, 180);
    assert_int_equal(s.intraday_minutes, 60);
    assert_int_equal(s.worker_concurrency, 64);
    assert_int_equal(s.database_connections, 4);
    assert_int_equal(s.lease_seconds, 30);
    assert_int_equal(s.max_attempts, 8);
    assert_int_equal(s.shutdown_grace_seconds, 25);
    assert_string_equal(s.listen, "127.0.0.1:8080");
    assert_false(s.metrics_listen_given);
    assert_string_equal(s.public_url, "http://127.0.0.1:8080");
    assert_null(s.jwt_secret);
    assert_int_equal(s.retain_runs_days, 90);
    assert_int_equal(s.log_level, LOG_INFO);
    assert_int_equal(s.log_format, LOG_LOGFMT);
    settings_clear(&s);
    assert_int_equal(load(&s, PROGRAM_SCHEDULER, NULL, NULL, NULL, NULL, &e), 0);
    assert_string_equal(s.metrics_listen, "127.0.0.1:9412");
    settings_clear(&s);
    assert_int_equal(load(&s, PROGRAM_WORKER, NULL, "TOKEN_ENCRYPTION_KEY=" KEY, NULL, NULL, &e), 0);
    assert_string_equal(s.metrics_listen, "127.0.0.1:9413");
    settings_clear(&s);
    assert_int_equal(load(&s, PROGRAM_API, NULL, "TOKEN_ENCRYPTION_KEY=" KEY,
                          "JWT_SECRET=0123456789abcdef0123456789abcdef", "METRICS_LISTEN=[::1]:0", &e),
                     0);
    assert_string_equal(s.metrics_listen, "[::1]:0");
    assert_true(s.metrics_listen_given);
    assert_string_equal(secret_reveal(s.token_encryption_key), KEY);
    settings_clear(&s);
}

static void environment_wins_over_the_file(void **state)
{
    static const char config[] =
        "# a comment\n\n  PAGE_LIMIT = 50 \r\nCHUNK_DAYS=\"7\"\nMETA_APP_ID='12'\nLOG_FORMAT=json\n"
        "DATABASE_URL=host=/run user=me dbname=x\nNIGHTLY_AT=23:59\nRETAIN_RUNS_DAYS=\nJWT_SECRET=short";
    struct settings s;
    struct err e;

    (void)state;
    /* JWT_SECRET is not the worker's business: one file serves all programs */
    assert_int_equal(load(&s, PROGRAM_WORKER, config, "PAGE_LIMIT=60", "CHUNK_DAYS=", "TOKEN_ENCRYPTION_KEY=" KEY, &e),
                     0);
    assert_int_equal(s.page_limit, 60);
    assert_int_equal(s.chunk_days, 7); /* empty in the environment: not set there */
    assert_string_equal(s.meta_app_id, "12");
    assert_int_equal(s.log_format, LOG_JSON);
    assert_string_equal(s.database_url, "host=/run user=me dbname=x");
    assert_int_equal(s.nightly_at, 1439);
    assert_int_equal(s.retain_runs_days, 90);
    assert_null(s.jwt_secret);
    settings_clear(&s);
}

static void values_come_from_files(void **state)
{
    char *secret = write_file("secret", "app-" PASSWORD "\r\n"), *empty = write_file("empty", "\n");
    char *entry = str_printf("META_APP_SECRET_FILE=%s", secret), *bad = str_printf("META_APP_SECRET_FILE=%s", empty);
    char *number = str_printf("PAGE_LIMIT_FILE=%s\n", secret), *big;
    static char large[70000];
    struct settings s;
    struct err e;

    (void)state;
    load_cli(&s, NULL, entry);
    assert_string_equal(secret_reveal(s.meta_app_secret), "app-" PASSWORD);
    settings_clear(&s);
    load_cli(&s, entry, NULL);
    assert_string_equal(secret_reveal(s.meta_app_secret), "app-" PASSWORD);
    settings_clear(&s);
    assert_int_equal(load(&s, PROGRAM_CLI, NULL, entry, "META_APP_SECRET=x", NULL, &e), ERR_SETTING);
    assert_non_null(strstr(e.text, "META_APP_SECRET and META_APP_SECRET_FILE are both given"));
    check_refused(PROGRAM_CLI, NULL, bad, "is empty");
    check_refused(PROGRAM_CLI, NULL, "META_APP_SECRET_FILE=/no/such/file",
                  "META_APP_SECRET_FILE: cannot read /no/such/file");
    check_refused(PROGRAM_CLI, NULL, "META_APP_SECRET_FILE=/", "cannot read /");
    assert_int_equal(load(&s, PROGRAM_CLI, number, NULL, NULL, NULL, &e), ERR_SETTING);
    memset(large, 'x', sizeof large - 1);
    big = write_file("secret", large);
    check_refused(PROGRAM_CLI, NULL, entry, "is larger than");
    free(big);
    free(secret);
    free(empty);
    free(entry);
    free(bad);
    free(number);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    check_refused(PROGRAM_CLI, "PAGE_LIMIT=5\nWORKER_CONCURENCY=5\n", NULL,
                  "metricx.conf:2: unknown setting WORKER_CONCURENCY; did you mean WORKER_CONCURRENCY?");
    check_refused(PROGRAM_CLI, "NONSENSE=5\n", NULL, "unknown setting NONSENSE; --help");
    check_refused(PROGRAM_CLI, "PAGE_LIMIT_FILES=5\n", NULL, "unknown setting PAGE_LIMIT_FILES");
    check_refused(PROGRAM_CLI, "PAGE_LIMIT\n", NULL, "metricx.conf:1: this is no NAME=value line");
    check_refused(PROGRAM_CLI, "PAGE_LIMIT=1\nPAGE_LIMIT=2\n", NULL,
                  "PAGE_LIMIT is given twice, the second time at line 2");
    check_refused(
        PROGRAM_CLI, NULL, "PAGE_LIMIT=many",
        "PAGE_LIMIT \"many\" is not acceptable (from the environment): give a whole number of rows from 1 to 10000");
    check_refused(PROGRAM_CLI, "\nCHUNK_DAYS=91", NULL,
                  "metricx.conf, line 2): give auto, or a whole number of days from 1 to 90");
    check_refused(PROGRAM_WORKER, NULL, NULL, "TOKEN_ENCRYPTION_KEY is not set; it is required");
    check_refused(PROGRAM_WORKER, NULL, "TOKEN_ENCRYPTION_KEY=", "TOKEN_ENCRYPTION_KEY is not set; it is required");
    check_refused(PROGRAM_CLI, NULL, "DATABASE_URL=mysql://u:" PASSWORD "@h/d", "DATABASE_URL is not acceptable");
    check_refused(PROGRAM_CLI, NULL, "REDIS_URL=http://u:" PASSWORD "@h/0", "REDIS_URL is not acceptable");
    check_refused(PROGRAM_CLI, NULL, "JWT_SECRET=" PASSWORD, "at least 32 bytes");
}

static void malformed_values_are_refused(void **state)
{
    static const char *const bad[] = {
        "LEASE_SECONDS=1",
        "LEASE_SECONDS=3601",
        "CHUNK_DAYS=0",
        "CHUNK_DAYS=Auto",
        "NIGHTLY_AT=3:00",
        "NIGHTLY_AT=24:00",
        "NIGHTLY_AT=03:60",
        "NIGHTLY_AT=03:00:00",
        "NIGHTLY_AT=0300",
        "META_API_VERSION=26.0",
        "META_API_VERSION=v26",
        "META_API_VERSION=v26.0/..",
        "META_APP_ID=12a",
        "QUEUE_PREFIX=metricx",
        "QUEUE_PREFIX={}",
        "QUEUE_PREFIX=}x{",
        "QUEUE_PREFIX={a b}",
        "META_GRAPH_URL=http://graph.facebook.com",
        "META_GRAPH_URL=http://127.0.0.1.evil.example",
        "META_GRAPH_URL=http://localhost.evil.example",
        "META_GRAPH_URL=https://",
        "META_GRAPH_URL=https:///x",
        "META_GRAPH_URL=ftp://x",
        "META_GRAPH_URL=https://u:p@x",
        "META_GRAPH_URL=https://x?y",
        "META_GRAPH_URL=https://x:0",
        "META_GRAPH_URL=https://x:99999",
        "META_GRAPH_URL=https://[::1",
        "META_GRAPH_URL=http://127.0.0.1@evil.example",
        "PUBLIC_URL=example.com",
        "LOG_LEVEL=INFO",
        "LOG_FORMAT=xml",
        "DATABASE_URL=metricx",
        "REDIS_URL=redis://",
        "REDIS_URL=unix://path",
        "META_APP_SECRET=two\nlines",
        "INTRADAY_MINUTES=-1",
        "META_WINDOW_SECONDS=0",
        "JWT_SECRET=0123456789abcdef0123456789abcdef,short",
        "JWT_SECRET=0123456789abcdef0123456789abcdef,",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check_refused(PROGRAM_CLI, NULL, bad[i], "is not acceptable");
}

static void well_formed_values_are_taken(void **state)
{
    static const char *const good[] = {
        "LEASE_SECONDS=2",
        "CHUNK_DAYS=auto",
        "CHUNK_DAYS=90",
        "NIGHTLY_AT=00:00",
        "META_API_VERSION=v126.10",
        "QUEUE_PREFIX=test{a}:b",
        "META_GRAPH_URL=http://localhost:8080",
        "META_GRAPH_URL=http://127.9.9.9:1",
        "META_GRAPH_URL=http://[::1]:80/graph",
        "META_GRAPH_URL=https://[2001:db8::1]",
        "PUBLIC_URL=https://ads.example.com",
        "DATABASE_URL=postgres://u@h/d",
        "DATABASE_URL=dbname=x",
        "REDIS_URL=rediss://h",
        "REDIS_URL=unix:///run/redis?db=1",
        "JWT_SECRET=0123456789abcdef0123456789abcdef,0123456789abcdef0123456789abcdef",
        "INTRADAY_MINUTES=0",
        "NOT_OURS=whatever",
        "PATH=/bin",
        "NO_EQUALS_SIGN",
    };
    struct settings s;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        load_cli(&s, NULL, good[i]);
        settings_clear(&s);
    }
    load_cli(&s, NULL, "META_GRAPH_URL=http://localhost:8080/graph//");
    assert_string_equal(s.meta_graph_url, "http://localhost:8080/graph");
    settings_clear(&s);
}

static void splits_addresses(void **state)
{
    static const char *const bad[] = {
        "",       ":80",   "127.0.0.1", "127.0.0.1:",     "127.0.0.1:x",    "127.0.0.1:65536", "127.0.0.1:-1",
        "::1:80", "[::1]", "[]:80",     "example.com:80", "[127.0.0.1]:80", "1.2.3:80"};
    char host[64];
    struct err e;
    int port = -1;

    (void)state;
    assert_int_equal(settings_host_port("LISTEN", "[::1]:80", host, &port, &e), 0);
    assert_string_equal(host, "::1");
    assert_int_equal(port, 80);
    assert_int_equal(settings_host_port("LISTEN", "localhost:0", host, &port, &e), 0);
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (settings_host_port("LISTEN", bad[i], host, &port, &e) != ERR_SETTING)
            fail_msg("\"%s\" was taken for an address", bad[i]);
        assert_true(str_starts(e.text, "LISTEN: "));
    }
}

static void every_setting_is_documented(void **state)
{
    struct buf help, page;

    (void)state;
    buf_init(&help, 1000000);
    buf_init(&page, 1000000);
    settings_help(&help, PROGRAM_WORKER);
    settings_markdown(&page);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char *in_page = str_printf("| `%s` | ", setting_table[i].name),
             *in_help = str_printf("\n  %s", setting_table[i].name);

        assert_non_null(strstr(buf_str(&page), in_page));
        assert_int_equal(strstr(buf_str(&help), in_help) != NULL, (setting_table[i].who & PROGRAM_WORKER) != 0);
        free(in_page);
        free(in_help);
    }
    assert_non_null(strstr(buf_str(&help), "METRICS_LISTEN=127.0.0.1:9413"));
    assert_non_null(strstr(buf_str(&help), "TOKEN_ENCRYPTION_KEY (required)"));
    buf_free(&help);
    buf_free(&page);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"metricx.conf", "secret", "empty"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = str_printf("%s/%s", folder, names[i]);

        (void)unlink(path);
        free(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_contract),
        cmocka_unit_test(environment_wins_over_the_file),
        cmocka_unit_test(values_come_from_files),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(malformed_values_are_refused),
        cmocka_unit_test(well_formed_values_are_taken),
        cmocka_unit_test(splits_addresses),
        cmocka_unit_test(every_setting_is_documented),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
