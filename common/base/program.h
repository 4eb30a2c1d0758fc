#pragma once
#include "common/base/settings.h"
/* What every daemon's main() does first: --help, --version, --check, --config FILE, settings, hardening, logging. */
struct program_options {
    struct settings settings;
    bool check; /* --check was given */
};
/* Exit codes of all programs. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
/* Returns -1 to go on, else the exit code to leave with at once (help printed, or the error said on stderr). */
int program_start(struct program_options *o, enum program who, const char *name, const char *summary, int argc,
                  char **argv);
void program_end(struct program_options *o); /* stops the log, frees the settings */
