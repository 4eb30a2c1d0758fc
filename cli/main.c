#include "cli/args.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "common/base/program.h"
#include "common/base/zone.h"
#include "common/store/service.h"
#include <unistd.h>

static const char summary[] = "metricx: mirrors Meta ad accounts into PostgreSQL; this is its command line";

/* What a person can do about an error that the message does not say itself. */
static const char *hint_of(int rc)
{
    switch (rc) {
    case ERR_DB_AWAY:
        return "is PostgreSQL running, and is DATABASE_URL right?";
    case ERR_REDIS_AWAY:
        return "is Redis running, and is REDIS_URL right?";
    case ERR_CRYPTO:
        return "add the key that the token was stored under to TOKEN_ENCRYPTION_KEY, after a comma";
    case ERR_NEEDS_REAUTH:
        return "get a new token from the provider; nothing was changed";
    case ERR_NO_ACCESS:
        return "the token's owner needs access to this ad account, and the token the permission ads_read";
    case ERR_NETWORK:
        return "is META_GRAPH_URL right, and can this machine reach it?";
    default:
        return NULL;
    }
}

/* Says a failure; returns the exit code. */
static int fail(const struct args *a, int rc, const struct err *e)
{
    (void)fprintf(stderr, "metricx: %s\n", e->text[0] ? e->text : err_name(rc));
    const char *hint = hint_of(rc);
    if (hint)
        (void)fprintf(stderr, "hint: %s\n", hint);
    if (rc == ERR_USAGE)
        (void)fprintf(stderr, "hint: metricx %s%s--help\n",
                      a->command ? a->command->words
                      : a->group ? a->group
                                 : "",
                      a->command || a->group ? " " : "");
    return rc == ERR_USAGE || rc == ERR_SETTING || rc == ERR_INPUT || rc == ERR_CRYPTO ? EXIT_USAGE : EXIT_FAILED;
}

static int help(const struct args *a)
{
    struct buf out;
    buf_init(&out, (size_t)1 << 20);
    args_help(&out, a, command_table, summary);
    if (!a->command && !a->group) {
        buf_add_str(&out, "\nIds are UUIDs; days are YYYY-MM-DD in the ad account's own zone.\n\n");
        settings_help(&out, PROGRAM_CLI);
    }
    (void)fputs(buf_str(&out), stdout);
    buf_free(&out);
    return EXIT_DONE;
}

static int check(const struct args *a)
{
    struct settings settings;
    struct err e = {0};
    if (settings_load(&settings, PROGRAM_CLI, a->config, environ, &e) < 0) {
        printf("failed: settings: %s\n", e.text);
        return EXIT_FAILED;
    }
    int code = service_check(&settings, "metricx", true, NULL);
    settings_clear(&settings);
    return code;
}

static int run(const struct args *a)
{
    struct session s = {.config_path = a->config};
    struct err e = {0};
    int rc = a->command->run(&s, a, &e);
    if (rc < 0)
        rc = fail(a, rc, &e);
    session_close(&s);
    zone_shutdown();
    return rc;
}

int main(int argc, char **argv)
{
    secret_harden_process();
    struct args a;
    struct err e = {0};
    int rc = args_parse(&a, command_table, argc, argv, &e);
    if (rc < 0)
        rc = fail(&a, rc, &e);
    else if (a.version)
        (void)printf("metricx %s\n", METRICX_VERSION);
    else if (a.help)
        rc = help(&a);
    else if (a.check)
        rc = check(&a);
    else
        rc = run(&a);
    /* An answer that could not be written is no answer. */
    if (fflush(stdout) != 0 && rc == EXIT_DONE) {
        (void)fprintf(stderr, "metricx: standard output cannot be written\n");
        rc = EXIT_FAILED;
    }
    return rc;
}
