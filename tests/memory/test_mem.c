#include "common/base/buf.h"
#include "common/base/mem.h"
#include "tests/memory/refuse.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void small_memory_is_never_refused(void **state)
{
    const int64_t before = mem_refused();
    int *list[100];
    (void)state;

    assert_false(mem_short());
    refuse_begin(REFUSE_GROWTH, 1);
    for (int i = 0; i < 100; i++)
        list[i] = mem_new(64, sizeof *list[i]);
    (void)refuse_end(NULL);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(list[i][63], 0);
        free(list[i]);
    }
    assert_int_equal(mem_refused(), before + 1); /* from then on the reserve's room served */
}

static void large_memory_may_be_refused_and_leaves_what_there_was(void **state)
{
    struct buf b;
    (void)state;

    buf_init(&b, 1 << 20);
    buf_add_str(&b, "kept");
    assert_false(mem_short());
    refuse_begin(REFUSE_ONE, 1);
    assert_false(buf_reserve(&b, 2 * MEM_SMALL));
    (void)refuse_end(NULL);
    assert_true(b.overflow);
    assert_string_equal(buf_str(&b), "kept");
    buf_reset(&b);
    assert_true(buf_reserve(&b, 2 * MEM_SMALL));
    buf_free(&b);
}

static void large_memory_does_not_live_on_the_reserve(void **state)
{
    void *small;
    (void)state;

    assert_false(mem_short());
    refuse_begin(REFUSE_GROWTH, 1);
    small = mem_new(1, MEM_SMALL);
    assert_true(mem_short());
    assert_null(mem_resize(NULL, MEM_SMALL + 1)); /* the freed reserve had room for it */
    (void)refuse_end(NULL);
    free(small);
    assert_false(mem_short());
}

static void without_the_reserve_the_program_ends(void **state)
{
    int status = 0;
    const pid_t child = fork();
    (void)state;

    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL); /* cmocka's would say that the test failed */
        (void)close(STDERR_FILENO);
        refuse_begin(REFUSE_GROWTH, 1);
        for (;;)
            if (mem_new(1, MEM_SMALL) == NULL)
                _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_memory_is_never_refused),
        cmocka_unit_test(large_memory_may_be_refused_and_leaves_what_there_was),
        cmocka_unit_test(large_memory_does_not_live_on_the_reserve),
        cmocka_unit_test(without_the_reserve_the_program_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
