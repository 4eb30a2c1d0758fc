#include "cli/args.h"
#include "common/base/check.h"
#include "common/base/date.h"
#include "common/base/id.h"
#include "common/base/str.h"
#include <string.h>

/* One word of an operand list such as "ID [NAME] VALUE…". */
struct operand {
    const char *name;
    size_t len;
    bool optional, repeats;
};

#define ELLIPSIS "…"
enum { HELP_WIDTH = 110 };

/* Moves *at behind the next word; false at the end. */
static bool next_operand(const char **at, struct operand *o)
{
    const char *word = *at + strspn(*at, " ");
    size_t len = strcspn(word, " ");
    *at = word + len;
    if (len == 0)
        return false;
    *o = (struct operand){.name = word, .len = len};
    size_t mark = strlen(ELLIPSIS);
    if (len > mark && memcmp(word + len - mark, ELLIPSIS, mark) == 0) {
        o->repeats = true;
        o->len -= mark;
    }
    if (word[0] == '[') {
        o->optional = true;
        o->name++;
        o->len -= 2;
    }
    return true;
}

static bool is_named(const char *name, size_t len, const char *text)
{
    return strlen(text) == len && memcmp(name, text, len) == 0;
}

/* The name of a value says what it must look like. `what` is what the message calls it: "--from", "ID". */
static int check_value(const char *name, size_t len, const char *what, const char *value, struct err *e)
{
    date_t day;
    if ((is_named(name, len, "ID") || is_named(name, len, "RUN")) && !uuid_valid(value))
        return err_set(e, ERR_USAGE, "%s: '%s' is not an id; ids look like 123e4567-e89b-42d3-a456-426614174000", what,
                       value);
    if (is_named(name, len, "D") && !date_parse(value, &day))
        return err_set(e, ERR_USAGE, "%s: '%s' is not a day; days look like 2026-11-22", what, value);
    if (value[0] == '\0')
        return err_set(e, ERR_USAGE, "%s: an empty text will not do", what);
    return 0;
}

static int check_operands(const struct args *a, struct err *e)
{
    const char *at = a->command->operands ? a->command->operands : "";
    struct operand o;
    int i = 0;
    while (next_operand(&at, &o)) {
        char name[32];
        (void)snprintf(name, sizeof name, "%.*s", (int)o.len, o.name);
        if (i == a->operand_count && !o.optional)
            return err_set(e, ERR_USAGE, "%s: %s is missing", a->command->words, name);
        for (bool more = i < a->operand_count; more; more = o.repeats && i < a->operand_count) {
            int rc = check_value(o.name, o.len, name, a->operands[i], e);
            if (rc < 0)
                return err_wrap(e, "%s", a->command->words);
            i++;
        }
    }
    if (i < a->operand_count)
        return err_set(e, ERR_USAGE, "%s: '%s' is one word too many", a->command->words, a->operands[i]);
    return 0;
}

static int check_options(const struct args *a, struct err *e)
{
    const struct args_option *options = a->command->options;
    for (int i = 0; options && options[i].name; i++) {
        const struct args_option *o = &options[i];
        if (!a->values[i] && o->required)
            return err_set(e, ERR_USAGE, "%s: %s%s%s is missing: %s", a->command->words, o->name, o->value ? " " : "",
                           o->value ? o->value : "", o->help);
        if (a->values[i] && o->value && check_value(o->value, strlen(o->value), o->name, a->values[i], e) < 0)
            return err_wrap(e, "%s", a->command->words);
    }
    return 0;
}

/* The rest of the command line while it is read. */
struct reader {
    struct args *a;
    const struct args_command *table;
    char **argv;
    int argc, i;
};

static bool is_option(const char *text, const char *name)
{
    size_t len = strlen(name);
    return strncmp(text, name, len) == 0 && (text[len] == '\0' || text[len] == '=');
}

/* "--name=value", or "--name" and the next word. */
static int read_value(struct reader *r, const char *name, const char **value, struct err *e)
{
    const char *text = r->argv[r->i];
    if (*value)
        return err_set(e, ERR_USAGE, "%s is given twice", name);
    if (text[strlen(name)] == '=')
        *value = text + strlen(name) + 1;
    else if (r->i + 1 < r->argc)
        *value = r->argv[++r->i];
    else
        return err_set(e, ERR_USAGE, "%s needs a value", name);
    return 0;
}

static int read_flag(const struct reader *r, const char *name, struct err *e)
{
    if (r->argv[r->i][strlen(name)] == '=')
        return err_set(e, ERR_USAGE, "%s takes no value", name);
    return 0;
}

static int read_option(struct reader *r, struct err *e)
{
    const char *text = r->argv[r->i];
    const struct args_command *c = r->a->command;
    for (int i = 0; c && c->options && c->options[i].name; i++) {
        const struct args_option *o = &c->options[i];
        if (!is_option(text, o->name))
            continue;
        CHECK(i < ARGS_OPTIONS_MAX);
        if (o->value)
            return read_value(r, o->name, &r->a->values[i], e);
        r->a->values[i] = o->name;
        return read_flag(r, o->name, e);
    }
    if (is_option(text, "--config"))
        return read_value(r, "--config", &r->a->config, e);
    if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0)
        r->a->help = true;
    else if (strcmp(text, "--version") == 0)
        r->a->version = true;
    else if (strcmp(text, "--check") == 0 && !c && !r->a->group)
        r->a->check = true;
    else
        return err_set(e, ERR_USAGE, "%s%sunknown option %.*s", c ? c->words : "", c ? ": " : "",
                       (int)strcspn(text, "="), text);
    return 0;
}

static bool in_group(const struct args_command *c, const char *group)
{
    size_t len = strlen(group);
    return strncmp(c->words, group, len) == 0 && c->words[len] == ' ';
}

static int group_error(const struct reader *r, const char *group, const char *word, struct err *e)
{
    struct buf words;
    buf_init(&words, 256);
    for (const struct args_command *c = r->table; c->words; c++)
        if (in_group(c, group))
            buf_addf(&words, "%s%s", words.len ? ", " : "", c->words + strlen(group) + 1);
    int rc = word ? err_set(e, ERR_USAGE, "%s: unknown command '%s'; known are %s", group, word, buf_str(&words))
                  : err_set(e, ERR_USAGE, "%s: which command? One of %s", group, buf_str(&words));
    buf_free(&words);
    return rc;
}

/* A word before the command is complete: the command, its group, or its second word. */
static int read_word(struct reader *r, struct err *e)
{
    const char *word = r->argv[r->i];
    struct args *a = r->a;
    for (const struct args_command *c = r->table; c->words; c++) {
        const char *rest = a->group ? c->words + strlen(a->group) + 1 : c->words;
        if ((!a->group || in_group(c, a->group)) && strcmp(rest, word) == 0) {
            a->command = c;
            a->group = NULL;
            return 0;
        }
        if (!a->group && in_group(c, word)) {
            a->group = word;
            return 0;
        }
    }
    if (a->group)
        return group_error(r, a->group, word, e);
    return err_set(e, ERR_USAGE, "unknown command '%s'", word);
}

int args_parse(struct args *a, const struct args_command *table, int argc, char **argv, struct err *e)
{
    *a = (struct args){0};
    struct reader r = {.a = a, .table = table, .argc = argc, .argv = argv};
    bool only_operands = false;
    for (r.i = 1; r.i < argc; r.i++) {
        int rc = 0;
        if (!only_operands && strcmp(argv[r.i], "--") == 0)
            only_operands = true;
        else if (!only_operands && argv[r.i][0] == '-' && argv[r.i][1] != '\0')
            rc = read_option(&r, e);
        else if (!a->command)
            rc = read_word(&r, e);
        else if (a->operand_count < ARGS_OPERANDS_MAX)
            a->operands[a->operand_count++] = argv[r.i];
        else
            rc = err_set(e, ERR_USAGE, "%s: more than %d words", a->command->words, ARGS_OPERANDS_MAX);
        if (rc < 0)
            return rc;
    }
    if (a->help || a->version)
        return 0;
    if (a->group)
        return group_error(&r, a->group, NULL, e);
    if (!a->command)
        return a->check ? 0 : err_set(e, ERR_USAGE, "which command?");
    if (a->check)
        return err_set(e, ERR_USAGE, "--check before a command checks the installation and stands alone");
    int rc = check_operands(a, e);
    return rc < 0 ? rc : check_options(a, e);
}

const char *args_option(const struct args *a, const char *name)
{
    const struct args_option *options = a->command->options;
    for (int i = 0; options && options[i].name; i++)
        if (strcmp(options[i].name, name) == 0)
            return a->values[i];
    CHECK(!"an option of this command");
    return NULL;
}

const char *args_operand(const struct args *a, int i)
{
    return i < a->operand_count ? a->operands[i] : NULL;
}

void args_usage(struct buf *out, const struct args_command *c)
{
    buf_addf(out, "metricx %s", c->words);
    if (c->operands)
        buf_addf(out, " %s", c->operands);
    for (int required = 1; required >= 0; required--)
        for (const struct args_option *o = c->options; o && o->name; o++)
            if (o->required == required)
                buf_addf(out, " %s%s%s%s%s", required ? "" : "[", o->name, o->value ? " " : "",
                         o->value ? o->value : "", required ? "" : "]");
}

/* Text in lines of at most HELP_WIDTH characters, each after `indent` spaces. */
static void add_wrapped(struct buf *out, const char *text, int indent)
{
    int column = 0;
    while (*text) {
        int len = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + len > HELP_WIDTH) {
            buf_add_char(out, '\n');
            column = 0;
        }
        buf_addf(out, "%*s%.*s", column ? 1 : indent, "", len, text);
        column += (column ? 1 : indent) + len;
        text += len + (text[len] == ' ');
    }
    buf_add_char(out, '\n');
}

/* The usage in lines of at most HELP_WIDTH characters, broken before an option in brackets. */
static void add_usage(struct buf *out, const char *before, const struct args_command *c)
{
    struct buf usage;
    int column = (int)strlen(before);
    buf_init(&usage, 4096);
    args_usage(&usage, c);
    buf_add_str(out, before);
    for (const char *text = buf_str(&usage); *text;) {
        const char *next = strstr(text + 1, " [");
        int len = next ? (int)(next - text) : (int)strlen(text);
        if (column + len > HELP_WIDTH) {
            buf_add_str(out, "\n       ");
            column = 7;
        }
        buf_addf(out, "%.*s", len, text);
        column += len;
        text += len;
    }
    buf_add_char(out, '\n');
    buf_free(&usage);
}

static void command_help(struct buf *out, const struct args_command *c)
{
    add_usage(out, "usage: ", c);
    buf_add_char(out, '\n');
    add_wrapped(out, c->help, 0);
    for (const struct args_option *o = c->options; o && o->name; o++) {
        buf_addf(out, "%s  %s%s%s\n", o == c->options ? "\n" : "", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        add_wrapped(out, o->help, 6);
    }
}

void args_help(struct buf *out, const struct args *a, const struct args_command *table, const char *summary)
{
    if (a->command) {
        command_help(out, a->command);
        return;
    }
    if (!a->group)
        buf_addf(out,
                 "%s\n\nusage: metricx [--config FILE] COMMAND …\n"
                 "       metricx --check     validate the settings, reach PostgreSQL and Redis, say what is wrong\n"
                 "       metricx --version | --help | COMMAND --help\n\n",
                 summary);
    buf_add_str(out, "commands:\n");
    for (const struct args_command *c = table; c->words; c++) {
        if (a->group && !in_group(c, a->group))
            continue;
        add_usage(out, "  ", c);
        add_wrapped(out, c->help, 6);
    }
}
