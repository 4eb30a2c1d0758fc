#include "common/base/arena.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void gives_aligned_zeroed_memory(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 10000000);
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *p = arena_alloc(&a, size);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
    assert_non_null(arena_alloc(&a, 1000000)); /* more than a block */
    arena_free(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_alloc(&a, 10));
    arena_free(&a);
}

static void ceiling_is_sticky(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 64);
    assert_non_null(arena_alloc(&a, 64));
    assert_null(arena_alloc(&a, 1));
    assert_true(a.overflow);
    assert_null(arena_str(&a, "x"));
    arena_free(&a);
    assert_false(a.overflow);
    assert_null(arena_alloc(&a, SIZE_MAX));
    arena_free(&a);
    assert_null(arena_alloc(&a, 65));
    arena_free(&a);
}

static void copies_text(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 4096);
    assert_string_equal(arena_str(&a, "text"), "text");
    assert_null(arena_str(&a, NULL));
    assert_string_equal(arena_strn(&a, "text", 2), "te");
    assert_string_equal(arena_printf(&a, "%d/%s", 5, "x"), "5/x");
    assert_false(a.overflow);
    assert_null(arena_printf(&a, "%5000d", 1));
    assert_true(a.overflow);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_zeroed_memory),
        cmocka_unit_test(ceiling_is_sticky),
        cmocka_unit_test(copies_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
