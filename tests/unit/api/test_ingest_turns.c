#include "api/ingest_turns.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char went[64]; /* the letters of those that went */

static char letters[] = "abcdef";

static void went_on(char letter)
{
    const size_t len = strlen(went);
    went[len] = letter;
    went[len + 1] = '\0';
}

static void go(void *arg)
{
    const char *letter = arg;
    went_on(*letter);
}

static void test_one_of_a_workspace_at_a_time(void **state)
{
    (void)state;
    struct ingest_turns *q = ingest_turns_new(2);
    struct ingest_turn a, b, c, d;

    went[0] = '\0';
    assert_true(ingest_turn_take(q, &a, "x", go, &letters['a' - 'a']));
    assert_true(ingest_turn_take(q, &b, "x", go, &letters['b' - 'a']));
    assert_string_equal(went, "a");
    assert_true(ingest_turn_take(q, &c, "y", go, &letters['c' - 'a']));
    assert_string_equal(went, "ac"); /* not behind a workspace that waits for itself */
    assert_true(ingest_turn_take(q, &d, "z", go, &letters['d' - 'a']));
    assert_string_equal(went, "ac"); /* two at once */
    ingest_turn_end(q, &c);
    assert_string_equal(went, "acd");
    ingest_turn_end(q, &a);
    assert_string_equal(went, "acdb");
    ingest_turn_end(q, &b);
    ingest_turn_end(q, &d);
    ingest_turns_free(q);
}

static struct ingest_turns *queue;
static struct ingest_turn turns[TURNS_WAITING_MAX + 1];

static void end_at_once(void *arg)
{
    went_on('e');
    ingest_turn_end(queue, arg);
}

static void test_one_that_ends_at_once_lets_the_next_go(void **state)
{
    (void)state;
    struct ingest_turn first;

    went[0] = '\0';
    queue = ingest_turns_new(1);
    assert_true(ingest_turn_take(queue, &first, "x", go, &letters['f' - 'a']));
    for (int i = 0; i < 3; i++)
        assert_true(ingest_turn_take(queue, &turns[i], "x", end_at_once, &turns[i]));
    ingest_turn_end(queue, &first);
    assert_string_equal(went, "feee");
    ingest_turns_free(queue);
}

static void wait_on(void *arg)
{
    (void)arg;
}

static void test_too_many_are_refused(void **state)
{
    (void)state;
    struct ingest_turns *q = ingest_turns_new(1);
    struct ingest_turn first, one_more;
    char workspace[8];

    assert_true(ingest_turn_take(q, &first, "0", wait_on, NULL));
    for (int i = 0; i < TURNS_WAITING_MAX; i++) {
        (void)snprintf(workspace, sizeof workspace, "%d", i / TURNS_OF_A_WORKSPACE_MAX);
        assert_true(ingest_turn_take(q, &turns[i], workspace, wait_on, NULL));
        if (i == TURNS_OF_A_WORKSPACE_MAX - 1)
            assert_false(ingest_turn_take(q, &one_more, workspace, wait_on, NULL));
    }
    assert_false(ingest_turn_take(q, &one_more, "another", wait_on, NULL));
    ingest_turn_end(q, &first);
    assert_true(ingest_turn_take(q, &one_more, "another", wait_on, NULL));
    ingest_turns_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_of_a_workspace_at_a_time),
        cmocka_unit_test(test_one_that_ends_at_once_lets_the_next_go),
        cmocka_unit_test(test_too_many_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
