#include "common/base/fernet.h"
#include "common/base/str.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

#define DATA TEST_SOURCE_DIR "/tests/unit/common/base/data/"

static json_t *load(const char *name)
{
    json_error_t error;
    char *path = str_printf(DATA "%s.json", name);
    json_t *vectors = json_load_file(path, 0, &error);

    if (vectors == NULL)
        fail_msg("%s: %s", path, error.text);
    free(path);
    assert_true(json_array_size(vectors) > 0);
    return vectors;
}

static const char *text_of(const json_t *vector, const char *key)
{
    return json_string_value(json_object_get(vector, key));
}

static int64_t now_of(const json_t *vector)
{
    struct tm tm = {0};
    const char *rest = strptime(text_of(vector, "now"), "%Y-%m-%dT%H:%M:%S%z", &tm);
    long offset = tm.tm_gmtoff;

    assert_non_null(rest);
    return (int64_t)timegm(&tm) - offset;
}

static void generates_as_specified(void **state)
{
    json_t *vectors = load("generate"), *vector;
    size_t i, j;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        json_t *iv_bytes = json_object_get(vector, "iv");
        const char *plain = text_of(vector, "src");
        uint8_t iv[16];
        char *token = NULL;

        for (j = 0; j < sizeof iv; j++)
            iv[j] = (uint8_t)json_integer_value(json_array_get(iv_bytes, j));
        assert_int_equal(
            fernet_seal_at(text_of(vector, "secret"), now_of(vector), iv, plain, strlen(plain), &token, NULL), 0);
        assert_string_equal(token, text_of(vector, "token"));
        free(token);
    }
    json_decref(vectors);
}

static void verifies_as_specified(void **state)
{
    json_t *vectors = load("verify"), *vector;
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        struct secret *plain = NULL;

        assert_int_equal(fernet_open_at(text_of(vector, "secret"), text_of(vector, "token"), now_of(vector),
                                        json_integer_value(json_object_get(vector, "ttl_sec")), &plain, NULL),
                         0);
        assert_string_equal(secret_reveal(plain), text_of(vector, "src"));
        secret_free(plain);
    }
    json_decref(vectors);
}

static void refuses_as_specified(void **state)
{
    json_t *vectors = load("invalid"), *vector;
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        struct secret *plain = NULL;
        struct err e;

        if (fernet_open_at(text_of(vector, "secret"), text_of(vector, "token"), now_of(vector),
                           json_integer_value(json_object_get(vector, "ttl_sec")), &plain, &e) != ERR_CRYPTO)
            fail_msg("accepted: %s", text_of(vector, "desc"));
        assert_null(plain);
    }
    json_decref(vectors);
}

static struct fernet *with_keys(const char *first, const char *second)
{
    char *keys = second != NULL ? str_printf("%s, %s", first, second) : str_dup(first);
    struct fernet *f = NULL;

    assert_int_equal(fernet_new(keys, &f, NULL), 0);
    free(keys);
    return f;
}

static void rotates_keys(void **state)
{
    char old[45], new[45], other[45];
    struct fernet *before, *after, *foreign;
    struct secret *plain = secret_new("EAAB-token", 10), *opened = NULL;
    struct err e;
    char *token = NULL;
    int by = -1;

    (void)state;
    fernet_keygen(old);
    fernet_keygen(new);
    fernet_keygen(other);
    assert_int_equal(strlen(old), 44);
    assert_string_not_equal(old, new);
    before = with_keys(old, NULL);
    after = with_keys(new, old);
    foreign = with_keys(other, NULL);
    assert_int_equal(fernet_seal(before, plain, &token, NULL), 0);
    assert_int_equal(fernet_open(after, token, &opened, &by, NULL), 0);
    assert_int_equal(by, 1);
    assert_string_equal(secret_reveal(opened), "EAAB-token");
    secret_free(opened);
    assert_int_equal(fernet_open(foreign, token, &opened, NULL, &e), ERR_CRYPTO);
    free(token);
    assert_int_equal(fernet_seal(after, plain, &token, NULL), 0);
    assert_int_equal(fernet_open(after, token, &opened, &by, NULL), 0);
    assert_int_equal(by, 0);
    secret_free(opened);
    assert_int_equal(fernet_open(before, token, &opened, NULL, &e), ERR_CRYPTO);
    free(token);
    secret_free(plain);
    fernet_free(before);
    fernet_free(after);
    fernet_free(foreign);
    fernet_free(NULL);
}

static void every_length_comes_back(void **state)
{
    char key[45], text[100];
    struct fernet *f;

    (void)state;
    fernet_keygen(key);
    f = with_keys(key, NULL);
    memset(text, 'a', sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        struct secret *plain = secret_new(text, len), *opened = NULL;
        char *token = NULL;

        assert_int_equal(fernet_seal(f, plain, &token, NULL), 0);
        assert_int_equal(fernet_open(f, token, &opened, NULL, NULL), 0);
        assert_int_equal(secret_len(opened), len);
        assert_memory_equal(secret_reveal(opened), text, len);
        free(token);
        secret_free(plain);
        secret_free(opened);
    }
    fernet_free(f);
}

/* No changed character may pass. */
static void every_character_counts(void **state)
{
    char key[45], *token = NULL;
    struct secret *plain = secret_new("hello", 5), *opened = NULL;
    struct fernet *f;

    (void)state;
    fernet_keygen(key);
    f = with_keys(key, NULL);
    assert_int_equal(fernet_seal(f, plain, &token, NULL), 0);
    for (size_t i = 0; token[i] != '\0'; i++) {
        char was = token[i];

        token[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(fernet_open(f, token, &opened, NULL, NULL), ERR_CRYPTO);
        token[i] = was;
    }
    for (size_t len = strlen(token); len-- > 0;) {
        token[len] = '\0';
        assert_int_equal(fernet_open(f, token, &opened, NULL, NULL), ERR_CRYPTO);
    }
    free(token);
    secret_free(plain);
    fernet_free(f);
}

static void bad_keys_are_named_by_position(void **state)
{
    static const struct {
        const char *keys, *says;
    } cases[] = {
        {"", "key 1 of"},
        {"short", "key 1 of"},
        {"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=,", "key 2 of"},
        {"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=,secretsecret", "key 2 of"},
        {"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4= cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", "commas"},
        {"cw+0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", "key 1 of"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fernet *f = NULL;
        struct err e;

        assert_int_equal(fernet_new(cases[i].keys, &f, &e), ERR_SETTING);
        assert_non_null(strstr(e.text, cases[i].says));
        assert_null(strstr(e.text, "secretsecret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generates_as_specified),         cmocka_unit_test(verifies_as_specified),
        cmocka_unit_test(refuses_as_specified),           cmocka_unit_test(rotates_keys),
        cmocka_unit_test(every_length_comes_back),        cmocka_unit_test(every_character_counts),
        cmocka_unit_test(bad_keys_are_named_by_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
