#pragma once
#include "common/base/buf.h"
#include "common/base/err.h"
#include <stdbool.h>
/* The command line as one table, from which parser and help texts come. Pure.
 *
 * The words of the table are the grammar: an operand or a value that is called ID or RUN must be a UUID, one called D a
 * day; "[X]" may be left out, "X…" comes once or more often. */
struct session;
struct args;

struct args_option {
    const char *name;  /* "--from" */
    const char *value; /* "D"; NULL: a flag */
    bool required;
    const char *help;
};
struct args_command {
    const char *words;                 /* "connection create": one word, or two */
    const char *operands;              /* "ID NAME=VALUE…"; NULL: none */
    const char *help;                  /* one sentence without a full stop */
    const struct args_option *options; /* ended by one without a name; NULL: none */
    /* 0: done. Negative: failed, e says why. Positive: an exit code, and why was said already. */
    int (*run)(struct session *s, const struct args *a, struct err *e);
};

#define ARGS_OPERANDS_MAX 64
#define ARGS_OPTIONS_MAX 12
/* A command line that was understood; all texts are borrowed from argv. */
struct args {
    const struct args_command *command; /* NULL: none was named */
    const char *group;                  /* with help: "connection", when only that was named; else NULL */
    const char *config;                 /* of --config; NULL: none */
    bool help, version, check;          /* --check before any command: that of the whole program */
    const char *operands[ARGS_OPERANDS_MAX];
    int operand_count;
    const char
        *values[ARGS_OPTIONS_MAX]; /* beside the command's options: the value, a flag's own name, NULL: not given */
};

/* table ends with a row without words. ERR_USAGE says what is wrong and what would be right. */
int args_parse(struct args *a, const struct args_command *table, int argc, char **argv, struct err *e) MUST_CHECK;
/* Value of an option of the command (a flag: not NULL); NULL when it was not given. */
const char *args_option(const struct args *a, const char *name);
/* Operand i, NULL when it was left out. */
const char *args_operand(const struct args *a, int i);

/* "metricx connection show ID [--json]" */
void args_usage(struct buf *out, const struct args_command *c);
/* What --help prints for the command or group that a names, or for the whole (without the settings). */
void args_help(struct buf *out, const struct args *a, const struct args_command *table, const char *summary);
