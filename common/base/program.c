#include "common/base/program.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <unistd.h>

enum { HELP_MAX = 64 * 1024 };

static void print_help(enum program who, const char *name, const char *summary)
{
    struct buf out;

    buf_init(&out, HELP_MAX);
    buf_addf(&out,
             "%s: %s\n\n"
             "Usage: %s [--config FILE] [--check]\n\n"
             "  --config FILE   read settings from FILE\n"
             "  --check         validate the settings, reach PostgreSQL and Redis, say what is wrong, end\n"
             "  --help          this text\n"
             "  --version       the version\n\n"
             "Exit codes: 0 done, 1 failed, 2 usage or a bad setting.\n\n",
             name, summary, name);
    settings_help(&out, who);
    (void)fputs(buf_str(&out), stdout);
    buf_free(&out);
}

static int usage_error(const char *name, const char *what, const char *argument)
{
    (void)fprintf(stderr, "%s: %s%s; try --help\n", name, what, argument);
    return EXIT_USAGE;
}

/* Returns -1 to go on. */
static int read_arguments(struct program_options *o, enum program who, const char *name, const char *summary, int argc,
                          char **argv, const char **config_path)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help(who, name, summary);
            return EXIT_DONE;
        }
        if (strcmp(argv[i], "--version") == 0) {
            (void)printf("%s %s\n", name, METRICX_VERSION);
            return EXIT_DONE;
        }
        if (strcmp(argv[i], "--check") == 0)
            o->check = true;
        else if (str_starts(argv[i], "--config="))
            *config_path = argv[i] + strlen("--config=");
        else if (strcmp(argv[i], "--config") != 0)
            return usage_error(name, "unknown argument ", argv[i]);
        else if (++i < argc)
            *config_path = argv[i];
        else
            return usage_error(name, "--config needs a file", "");
    }
    return -1;
}

int program_start(struct program_options *o, enum program who, const char *name, const char *summary, int argc,
                  char **argv)
{
    const char *config_path = NULL;
    struct err e;
    int code;

    secret_harden_process();
    (void)mem_short(); /* takes the reserve */
    *o = (struct program_options){0};
    code = read_arguments(o, who, name, summary, argc, argv, &config_path);
    if (code >= 0)
        return code;
    if (settings_load(&o->settings, who, config_path, environ, &e) != 0) {
        (void)fprintf(stderr, "%s: %s\n", name, e.text);
        return EXIT_USAGE;
    }
    log_start(name, o->settings.log_level, o->settings.log_format);
    return -1;
}

void program_end(struct program_options *o)
{
    log_stop();
    settings_clear(&o->settings);
}
