#include "common/base/check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void a_false_check_aborts_and_says_where(void **state)
{
    int out[2], status = 0;
    char said[256] = "";
    pid_t child;

    (void)state;
    CHECK(1 + 1 == 2);
    assert_int_equal(pipe(out), 0);
    child = fork();
    if (child == 0) {
        (void)dup2(out[1], STDERR_FILENO);
        CHECK(1 + 1 == 3);
        _exit(0);
    }
    (void)close(out[1]);
    assert_true(read(out[0], said, sizeof said - 1) > 0);
    (void)close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(said, "CHECK(1 + 1 == 3) failed at"));
    assert_non_null(strstr(said, "test_check.c:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_false_check_aborts_and_says_where)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
