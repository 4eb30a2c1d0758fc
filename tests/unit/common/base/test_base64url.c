#include "common/base/base64url.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void round_trips_every_length(void **state)
{
    unsigned char bytes[100], back[100];
    char text[BASE64URL_TEXT(100)];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37 + 250);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        for (int padded = 0; padded < 2; padded++) {
            base64url_encode(bytes, n, padded, text);
            assert_true(base64url_decode(text, strlen(text), padded, back, sizeof back, &len));
            assert_int_equal(len, n);
            assert_memory_equal(back, bytes, n);
            assert_true(n == 0 || !base64url_decode(text, strlen(text), padded, back, n - 1, &len));
        }
    }
}

static void follows_the_rfc(void **state)
{
    char text[BASE64URL_TEXT(6)];

    (void)state;
    base64url_encode("foobar", 6, true, text);
    assert_string_equal(text, "Zm9vYmFy");
    base64url_encode("f", 1, true, text);
    assert_string_equal(text, "Zg==");
    base64url_encode("fo", 2, false, text);
    assert_string_equal(text, "Zm8");
    base64url_encode("\xfb\xff", 2, true, text);
    assert_string_equal(text, "-_8=");
}

static void is_strict(void **state)
{
    static const struct {
        const char *text;
        bool padded;
    } bad[] = {{"Zg", true},    {"Zg=", true},      {"Zg==", false},    {"Zh==", true}, {"Z", false},
               {"Z===", true},  {"====", true},     {"Zm9v====", true}, {"Zm 9", true}, {"+/8=", true},
               {"Zm9\n", true}, {"Zg==Zg==", true}, {"Zm9=", true}};
    unsigned char out[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (base64url_decode(bad[i].text, strlen(bad[i].text), bad[i].padded, out, sizeof out, &len))
            fail_msg("\"%s\" was accepted", bad[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_every_length),
        cmocka_unit_test(follows_the_rfc),
        cmocka_unit_test(is_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
