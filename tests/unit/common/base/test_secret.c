#include "common/base/secret.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void keeps_a_copy(void **state)
{
    char text[] = "token";
    struct secret *s = secret_new(text, 5);

    (void)state;
    text[0] = 'x';
    assert_string_equal(secret_reveal(s), "token");
    assert_int_equal(secret_len(s), 5);
    secret_free(s);
    secret_free(NULL);
    assert_null(secret_new(NULL, 0));
}

static void words_are_trimmed(void **state)
{
    static const char *const wrong[] = {"", " \t\r\n", "two words", "line\nbreak", "t\xc3\xb6ken", "\x7f"};
    struct secret *s = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(secret_word(" EAAB1\r\n", 8, &s, &e), 0);
    assert_string_equal(secret_reveal(s), "EAAB1");
    secret_free(s);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        s = NULL;
        assert_int_equal(secret_word(wrong[i], strlen(wrong[i]), &s, &e), ERR_INPUT);
        assert_null(s);
        assert_true(strlen(wrong[i]) < 3 || strstr(e.text, wrong[i]) == NULL);
    }
}

/* RFC 4231, test case 2 */
static void signs_as_the_rfc_says(void **state)
{
    struct secret *key = secret_new("Jefe", 4), *message = secret_new("what do ya want for nothing?", 28);
    char hex[65];

    (void)state;
    secret_hmac_hex(key, message, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    secret_free(key);
    secret_free(message);
}

static void leaves_no_core(void **state)
{
    struct rlimit limit = {1, 1};

    (void)state;
    secret_harden_process();
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(limit.rlim_max, 0);
#ifndef METRICX_SANITIZED
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_copy),
        cmocka_unit_test(words_are_trimmed),
        cmocka_unit_test(signs_as_the_rfc_says),
        cmocka_unit_test(leaves_no_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
