#include "common/base/program.h"
#include "common/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static char said[64 * 1024];

/* program_start() in a child; what it prints on both streams is in said. Returns its result; 100 for "go on". */
static int start(const char *first, const char *second)
{
    char *argv[] = {str_dup("prog"), str_dup(first), str_dup(second), NULL};
    int argc = first == NULL ? 1 : second == NULL ? 2 : 3;
    struct program_options o;
    int out[2], status = 0, code;
    size_t len = 0;
    ssize_t got;
    pid_t child;

    assert_int_equal(pipe(out), 0);
    child = fork();
    if (child == 0) {
        (void)dup2(out[1], STDOUT_FILENO);
        (void)dup2(out[1], STDERR_FILENO);
        code = program_start(&o, PROGRAM_SCHEDULER, "metricx-test", "tests", argc, argv);
        (void)fflush(stdout);
        if (code < 0) {
            log_info("started", F_BOOL("check", o.check), F_INT("page_limit", o.settings.page_limit));
            program_end(&o);
        }
        _exit(code < 0 ? 100 : code);
    }
    (void)close(out[1]);
    while ((got = read(out[0], said + len, sizeof said - 1 - len)) > 0)
        len += (size_t)got;
    said[len] = '\0';
    (void)close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    for (size_t i = 0; i < 3; i++)
        free(argv[i]);
    return WEXITSTATUS(status);
}

static void prints_help_and_version(void **state)
{
    (void)state;
    assert_int_equal(start("--help", NULL), EXIT_DONE);
    assert_non_null(strstr(said, "Usage: metricx-test [--config FILE] [--check]"));
    assert_non_null(strstr(said, "METRICS_LISTEN=127.0.0.1:9412"));
    assert_non_null(strstr(said, "Exit codes: 0 done, 1 failed, 2 usage"));
    assert_int_equal(start("--version", NULL), EXIT_DONE);
    assert_string_equal(said, "metricx-test " METRICX_VERSION "\n");
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    assert_int_equal(start("--chekc", NULL), EXIT_USAGE);
    assert_string_equal(said, "metricx-test: unknown argument --chekc; try --help\n");
    assert_int_equal(start("worker", NULL), EXIT_USAGE);
    assert_int_equal(start("--config", NULL), EXIT_USAGE);
    assert_int_equal(start("--config", "/no/such/file"), EXIT_USAGE);
    assert_string_equal(said, "metricx-test: cannot read /no/such/file: No such file or directory\n");
    assert_int_equal(setenv("PAGE_LIMIT", "x", 1), 0);
    assert_int_equal(start(NULL, NULL), EXIT_USAGE);
    assert_non_null(strstr(said, "PAGE_LIMIT"));
    assert_int_equal(unsetenv("PAGE_LIMIT"), 0);
}

static void goes_on_with_settings_and_log(void **state)
{
    (void)state;
    assert_int_equal(setenv("PAGE_LIMIT", "77", 1), 0);
    assert_int_equal(start(NULL, NULL), 100);
    assert_non_null(strstr(said, "program=metricx-test event=started check=false page_limit=77\n"));
    assert_int_equal(start("--check", "--config=/dev/null"), 100);
    assert_non_null(strstr(said, "check=true"));
    assert_int_equal(unsetenv("PAGE_LIMIT"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_help_and_version),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(goes_on_with_settings_and_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
