#include "common/base/mask.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

#define TOKEN "EAABsbCS1iHgBO7ZCqTkz4WZC"

static void check_masked(const char *text, const char *masked)
{
    char copy[512];

    (void)snprintf(copy, sizeof copy, "%s", text);
    mask_secrets(copy);
    assert_string_equal(copy, masked);
}

static void hides_what_looks_secret(void **state)
{
    (void)state;
    check_masked("GET /me?access_token=abcd1234&limit=5", "GET /me?access_token=***&limit=5");
    check_masked("a=1&appsecret_proof=0123456789abcdef", "a=1&appsecret_proof=***");
    check_masked("{\"access_token\":\"abcd\",\"b\":1}", "{\"access_token\":\"***\",\"b\":1}");
    check_masked("{\"access_token\": \"abcd\"}", "{\"access_token\": \"***\"}");
    check_masked("{\\\"ACCESS_TOKEN\\\":\\\"abcd\\\"}", "{\\\"ACCESS_TOKEN\\\":\\\"***\\\"}");
    check_masked("next=%3Faccess_token%3Dabcd1234", "next=%3Faccess_token%3D***");
    check_masked("client_secret=s3cr3ts3cr3t", "client_secret=***");
    check_masked("fb_exchange_token=s3cr3ts3cr3t", "fb_exchange_token=***");
    check_masked("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***");
    check_masked("the token " TOKEN " is old", "the token *** is old");
    check_masked("(" TOKEN ")", "(***)");
    check_masked("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "***");
    check_masked("postgresql://u:pa:ss@host/db", "postgresql://u:***@host/db");
    check_masked(TOKEN TOKEN " access_token=x access_token=long1 " TOKEN, "*** access_token=x access_token=*** ***");
}

static void leaves_the_rest(void **state)
{
    static const char *const plain[] = {"",
                                        "EAA",
                                        "the EAA fly-in",
                                        "SEAABsbCS1iHgBO7ZCqTkz4WZC",
                                        "access_token: session has expired",
                                        "Invalid OAuth access_token",
                                        "access_tokens=5",
                                        "https://graph.facebook.com:443/v26.0/me",
                                        "http://[::1]:80/a@b",
                                        "bearer of news",
                                        "50% of 3%",
                                        "access_token=%",
                                        "://"};

    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        check_masked(plain[i], plain[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hides_what_looks_secret), cmocka_unit_test(leaves_the_rest)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
