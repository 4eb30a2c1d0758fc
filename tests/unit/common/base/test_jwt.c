#include "common/base/base64url.h"
#include "common/base/claims.h"
#include "common/base/jwt.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the four above it */
#include <cmocka.h>

#define ONE "the first secret of at least 32 bytes"
#define TWO "the second secret of at least 32 bytes"
enum { NOW = 1795000000 };

static struct secret *key_of(const char *text)
{
    return secret_new(text, strlen(text));
}

static char *signed_with(const char *keys, const char *payload)
{
    struct secret *key = key_of(keys);
    struct buf b;
    buf_init(&b, 8192);
    jwt_sign(key, payload, &b);
    secret_free(key);
    return b.data;
}

/* The reason for which it is refused; NULL: it holds. */
static const char *verdict(const char *keys, const char *token)
{
    static struct err e;
    struct secret *key = key_of(keys);
    json_t *payload = NULL;
    int rc = jwt_verify(key, token, NOW, &payload, &e);
    secret_free(key);
    json_decref(payload);
    if (rc == 0)
        return NULL;
    assert_int_equal(rc, ERR_UNAUTHORIZED);
    return e.text;
}

static void the_example_of_rfc_7515_holds(void **state)
{
    static const char token[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    static const char key64[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    unsigned char key[80];
    size_t len = 0;
    json_t *payload = NULL;
    struct err e;
    (void)state;

    assert_true(base64url_decode(key64, strlen(key64), false, key, sizeof key, &len));
    struct secret *s = secret_new((const char *)key, len);
    /* Our secrets are texts: one with a NUL or a comma would be cut, this one has neither. */
    assert_null(memchr(key, '\0', len));
    assert_null(memchr(key, ',', len));
    assert_int_equal(jwt_verify(s, token, 1300819379, &payload, &e), 0);
    assert_string_equal(json_string_value(json_object_get(payload, "iss")), "joe");
    json_decref(payload);
    assert_int_equal(jwt_verify(s, token, 1300819380, &payload, &e), ERR_UNAUTHORIZED);
    secret_free(s);
}

static void any_secret_of_the_list_verifies_and_the_first_signs(void **state)
{
    (void)state;
    char *first = signed_with(ONE "," TWO, "{\"exp\":1795000001}");
    char *second = signed_with(TWO, "{\"exp\":1795000001}");
    assert_null(verdict(ONE, first));
    assert_null(verdict(TWO "," ONE, first));
    assert_null(verdict(ONE "," TWO, second));
    assert_non_null(verdict(TWO, first));
    free(first);
    free(second);
}

static void a_token_has_a_size(void **state)
{
    char *large = malloc(20000);
    (void)state;
    memset(large, 'a', 19999);
    large[19999] = '\0';
    assert_non_null(strstr(verdict(ONE, large), "larger than 16384 bytes"));
    free(large);
}

static void times_are_obeyed(void **state)
{
    static const struct {
        const char *payload, *reason;
    } cases[] = {
        {"{\"exp\":1795000001}", NULL},
        {"{\"exp\":1795000000}", "expired"},
        {"{\"exp\":-1}", "expired"},
        {"{}", "lacks exp"},
        {"{\"exp\":\"1795000001\"}", "lacks exp"},
        {"{\"exp\":null}", "lacks exp"},
        {"{\"exp\":1795000001,\"nbf\":1795000000}", NULL},
        {"{\"exp\":1795000009,\"nbf\":1795000001}", "not in force"},
        {"{\"exp\":1795000009,\"nbf\":true}", "not in force"},
        {"[1]", "no JSON object"},
        {"{\"exp\":1795000001,\"exp\":1}", "no JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *token = signed_with(ONE, cases[i].payload);
        const char *why = verdict(ONE, token);
        if (cases[i].reason == NULL)
            assert_null(why);
        else
            assert_non_null(strstr(why, cases[i].reason));
        free(token);
    }
}

/* A token of this header, correctly signed all the same. */
static char *with_header(const char *header)
{
    char *good = signed_with(ONE, "{\"exp\":1795000001}");
    char part[200], signing[1000];
    unsigned char mac[32];
    char hex[65], mac64[BASE64URL_TEXT(32)];

    base64url_encode(header, strlen(header), false, part);
    *strrchr(good, '.') = '\0';
    (void)snprintf(signing, sizeof signing, "%s%s", part, strchr(good, '.'));
    struct secret *key = key_of(ONE), *text = key_of(signing);
    secret_hmac_hex(key, text, hex);
    for (size_t i = 0; i < 32; i++) {
        const char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        mac[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    base64url_encode(mac, sizeof mac, false, mac64);
    secret_free(key);
    secret_free(text);
    free(good);
    const size_t size = strlen(signing) + sizeof mac64 + 2;
    char *token = malloc(size);
    (void)snprintf(token, size, "%s.%s", signing, mac64);
    return token;
}

static void no_other_algorithm(void **state)
{
    static const char *const headers[] = {"{\"alg\":\"none\"}",
                                          "{\"alg\":\"HS512\"}",
                                          "{\"alg\":\"RS256\"}",
                                          "{\"alg\":\"hs256\"}",
                                          "{\"alg\":[\"HS256\"]}",
                                          "{\"typ\":\"JWT\"}",
                                          "[]",
                                          "{\"alg\":\"HS256\",\"crit\":[\"x\"]}",
                                          "{\"alg\":\"HS256\",\"alg\":\"none\"}"};
    (void)state;
    char *good = with_header("{\"alg\":\"HS256\"}");

    assert_null(verdict(ONE, good));
    free(good);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char *token = with_header(headers[i]);
        assert_non_null(strstr(verdict(ONE, token), "HS256"));
        free(token);
    }
}

static void every_changed_byte_is_noticed(void **state)
{
    char *token = signed_with(ONE, "{\"exp\":1795000001,\"workspaces\":[]}");
    const size_t len = strlen(token);
    (void)state;

    for (size_t i = 0; i < len; i++) {
        const char was = token[i];
        token[i] = was == 'A' ? 'B' : 'A';
        if (i + 1 < len ||
            token[i] != was) /* the last one has bits that say nothing; other values than these are refused */
            assert_non_null(verdict(ONE, token));
        token[i] = was;
    }
    for (size_t i = 0; i < len; i++) {
        const char was = token[i];
        token[i] = '\0';
        assert_non_null(verdict(ONE, token));
        token[i] = was;
    }
    assert_null(verdict(ONE, token));
    free(token);
    static const char *const odd[] = {"", ".", "..", "...", "a.b.c.d", "a.b", "\xff.\xff.\xff"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        assert_non_null(verdict(ONE, odd[i]));
}

static void claims_are_what_callers_read(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1000);
    claims_write(&b, "a \"b\"", "*", ROLE_OPERATOR, 12);
    assert_string_equal(buf_str(&b), "{\"sub\":\"a \\\"b\\\"\",\"exp\":12,\"role\":\"operator\",\"workspaces\":\"*\"}");
    buf_reset(&b);
    claims_write(&b, "x", "id", ROLE_VIEWER, 12);
    assert_string_equal(buf_str(&b), "{\"sub\":\"x\",\"exp\":12,\"role\":\"viewer\",\"workspaces\":[\"id\"]}");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_7515_holds),
        cmocka_unit_test(any_secret_of_the_list_verifies_and_the_first_signs),
        cmocka_unit_test(a_token_has_a_size),
        cmocka_unit_test(times_are_obeyed),
        cmocka_unit_test(no_other_algorithm),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(claims_are_what_callers_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
