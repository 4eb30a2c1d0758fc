#include "cli/args.h"
#include "cli/commands.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "123e4567-e89b-42d3-a456-426614174000"
#define LINE(...)                                                                                                      \
    (const char *[])                                                                                                   \
    {                                                                                                                  \
        "metricx", __VA_ARGS__, NULL                                                                                   \
    }

static struct args args;
static struct err problem;

static int parse(const char *const *line)
{
    int argc = 0;
    while (line[argc])
        argc++;
    problem = (struct err){0};
    return args_parse(&args, command_table, argc, (char **)(uintptr_t)line, &problem);
}

static void refuses(const char *const *line, const char *words)
{
    assert_int_equal(parse(line), ERR_USAGE);
    if (!strstr(problem.text, words))
        fail_msg("'%s' does not say '%s'", problem.text, words);
}

static void test_commands_of_one_and_two_words(void **state)
{
    (void)state;
    assert_int_equal(parse(LINE("migrate")), 0);
    assert_string_equal(args.command->words, "migrate");
    assert_null(args_option(&args, "--status"));
    assert_int_equal(parse(LINE("connection", "show", ID, "--json")), 0);
    assert_string_equal(args.command->words, "connection show");
    assert_string_equal(args_operand(&args, 0), ID);
    assert_null(args_operand(&args, 1));
    assert_non_null(args_option(&args, "--json"));
    /* "run" and "runs" are two commands. */
    assert_int_equal(parse(LINE("runs")), 0);
    assert_string_equal(args.command->words, "runs");
}

static void test_options_anywhere(void **state)
{
    (void)state;
    assert_int_equal(parse(LINE("--config", "a.conf", "sync", "--connection=123e4567-e89b-42d3-a456-426614174000",
                                "--from", "2026-10-01")),
                     0);
    assert_string_equal(args.config, "a.conf");
    assert_string_equal(args_option(&args, "--connection"), ID);
    assert_string_equal(args_option(&args, "--from"), "2026-10-01");
    assert_null(args_option(&args, "--to"));
    assert_int_equal(parse(LINE("keygen", "--config=b.conf")), 0);
    assert_string_equal(args.config, "b.conf");
    assert_int_equal(parse(LINE("workspace", "create", "--", "--odd")), 0);
    assert_string_equal(args_operand(&args, 0), "--odd");
}

static void test_repeated_operands(void **state)
{
    (void)state;
    assert_int_equal(parse(LINE("connection", "set", ID, "nightly_at=04:00", "hourly=true")), 0);
    assert_int_equal(args.operand_count, 3);
    assert_string_equal(args_operand(&args, 2), "hourly=true");
    refuses(LINE("connection", "set", ID), "NAME=VALUE is missing");
    assert_int_equal(parse(LINE("dead", "retry", "--all")), 0);
    assert_int_equal(parse(LINE("dead", "retry", ID)), 0);
    refuses(LINE("dead", "retry", "all"), "ID: 'all' is not an id");
}

static void test_refusals(void **state)
{
    (void)state;
    refuses((const char *[]){"metricx", NULL}, "which command?");
    refuses(LINE("frobnicate"), "unknown command 'frobnicate'");
    refuses(LINE("connection"), "create, list, show, pause, resume, set, token, delete");
    refuses(LINE("connection", "explode"), "unknown command 'explode'");
    refuses(LINE("connection", "show"), "connection show: ID is missing");
    refuses(LINE("connection", "show", "7"), "'7' is not an id");
    refuses(LINE("connection", "show", ID, ID), "one word too many");
    refuses(LINE("connection", "show", ID, "--colour"), "connection show: unknown option --colour");
    refuses(LINE("sync"), "--connection ID is missing");
    refuses(LINE("sync", "--connection"), "--connection needs a value");
    refuses(LINE("sync", "--connection", "x"), "--connection: 'x' is not an id");
    refuses(LINE("sync", "--connection", ID, "--from", "2026-02-30"), "--from: '2026-02-30' is not a day");
    refuses(LINE("sync", "--connection", ID, "--from", "2026-02-01", "--from", "2026-02-01"), "given twice");
    refuses(LINE("sync", "--connection", ID, "--json=1"), "--json takes no value");
    refuses(LINE("cancel", "run"), "RUN: 'run' is not an id");
    refuses(LINE("workspace", "create", ""), "empty");
    refuses(LINE("--check", "runs"), "stands alone");
    refuses(LINE("--config"), "--config needs a value");
}

static void test_destruction_needs_a_yes(void **state)
{
    (void)state;
    refuses(LINE("workspace", "delete", ID), "--yes is missing");
    refuses(LINE("connection", "delete", ID), "--yes is missing");
    assert_int_equal(parse(LINE("connection", "delete", ID, "--yes", "--keep-data")), 0);
}

static void test_no_token_on_the_command_line(void **state)
{
    (void)state;
    refuses(LINE("token", "set", ID), "--stdin is missing");
    refuses(LINE("token", "set", ID, "EAAsecret"), "one word too many");
}

static const char *help_of(const char *const *line)
{
    static struct buf text;
    buf_free(&text);
    buf_init(&text, (size_t)1 << 16);
    assert_int_equal(parse(line), 0);
    assert_true(args.help);
    args_help(&text, &args, command_table, "summary");
    assert_false(text.overflow);
    return buf_str(&text);
}

/* Line breaks and indents are as good as one space. */
static char *squeezed(const char *text)
{
    char *out = malloc(strlen(text) + 1), *end = out;
    assert_non_null(out);
    for (; *text; text++)
        if ((*text != ' ' && *text != '\n') || (end > out && end[-1] != ' '))
            *end++ = (char)(*text == '\n' ? ' ' : *text);
    *end = '\0';
    return out;
}

static void test_help_lists_every_command(void **state)
{
    (void)state;
    char *whole = squeezed(help_of(LINE("--help")));
    for (const struct args_command *c = command_table; c->words; c++) {
        struct buf usage;
        buf_init(&usage, 1024);
        args_usage(&usage, c);
        if (!strstr(whole, buf_str(&usage)) || !strstr(whole, c->help))
            fail_msg("--help lacks %s", c->words);
        buf_free(&usage);
    }
    free(whole);
    for (const char *line = help_of(LINE("--help")); *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 130);
}

static void test_help_of_one(void **state)
{
    (void)state;
    const char *one = help_of(LINE("connection", "delete", "--help"));
    assert_non_null(strstr(one, "usage: metricx connection delete ID --yes [--keep-data]\n"));
    assert_null(strstr(one, "connection list"));
    assert_non_null(strstr(help_of(LINE("sync", "--help")), "--connection ID [--entities]"));
    const char *group = help_of(LINE("dead", "--help"));
    assert_non_null(strstr(group, "metricx dead drop ID"));
    assert_null(strstr(group, "migrate"));
    /* Every option says what it is for. */
    for (const struct args_command *c = command_table; c->words; c++)
        for (const struct args_option *o = c->options; o && o->name; o++)
            assert_true(o->help && o->help[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_of_one_and_two_words),
        cmocka_unit_test(test_options_anywhere),
        cmocka_unit_test(test_repeated_operands),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_destruction_needs_a_yes),
        cmocka_unit_test(test_no_token_on_the_command_line),
        cmocka_unit_test(test_help_lists_every_command),
        cmocka_unit_test(test_help_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
