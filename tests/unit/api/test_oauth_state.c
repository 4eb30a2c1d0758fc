#include "api/oauth_state.h"
#include "common/base/jwt.h"
#include "common/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WORKSPACE "11111111-1111-4111-8111-111111111111"
#define CONNECTION "22222222-2222-4222-8222-222222222222"
#define LOGIN "33333333-3333-4333-8333-333333333333"
#define NOW 1800000000

static struct secret *secret;
static char session[OAUTH_SESSION_TEXT], other[OAUTH_SESSION_TEXT];
static struct buf text;

static int setup(void **state)
{
    static const char word[] = "a secret that is long enough for it";
    const struct oauth_state s = {LOGIN, WORKSPACE, CONNECTION};

    (void)state;
    secret = secret_new(word, strlen(word));
    oauth_session_make(session);
    oauth_session_make(other);
    buf_init(&text, 8192);
    oauth_state_write(secret, &s, session, NOW, &text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    secret_free(secret);
    buf_free(&text);
    return 0;
}

static void assert_refused(const char *given, const char *from, int64_t now_s, const char *words)
{
    struct oauth_state out;
    struct err e = {0};

    assert_int_equal(oauth_state_read(secret, given, from, now_s, &out, &e), ERR_FORBIDDEN);
    assert_non_null(strstr(e.text, words));
}

static void test_comes_back_as_it_went(void **state)
{
    struct oauth_state out;

    (void)state;
    assert_false(text.overflow);
    assert_int_equal(oauth_state_read(secret, buf_str(&text), session, NOW + OAUTH_STATE_SECONDS - 1, &out, NULL), 0);
    assert_string_equal(out.id, LOGIN);
    assert_string_equal(out.workspace, WORKSPACE);
    assert_string_equal(out.connection, CONNECTION);
}

static void test_sessions_differ_and_are_not_in_it(void **state)
{
    char payload[2048];

    (void)state;
    assert_int_equal(strlen(session), OAUTH_SESSION_TEXT - 1);
    assert_string_not_equal(session, other);
    (void)str_copy(payload, sizeof payload, buf_str(&text));
    assert_null(strstr(payload, session));
}

static void test_another_session(void **state)
{
    (void)state;
    assert_refused(buf_str(&text), other, NOW, "another browser session");
    assert_refused(buf_str(&text), NULL, NOW, "another browser session");
    assert_refused(buf_str(&text), "", NOW, "another browser session");
}

static void test_ten_minutes(void **state)
{
    (void)state;
    assert_refused(buf_str(&text), session, NOW + OAUTH_STATE_SECONDS, "ten minutes");
}

static void test_not_ours(void **state)
{
    struct buf token;

    (void)state;
    assert_refused(NULL, session, NOW, "begun here");
    assert_refused("", session, NOW, "begun here");
    text.data[text.len / 2] = text.data[text.len / 2] == 'A' ? 'B' : 'A';
    assert_refused(buf_str(&text), session, NOW, "begun here");
    buf_init(&token, 4096); /* signed by us, for something else */
    jwt_sign(secret, "{\"sub\":\"me\",\"exp\":1900000000,\"workspaces\":[\"" WORKSPACE "\"]}", &token);
    assert_refused(buf_str(&token), session, NOW, "begun here");
    buf_reset(&token); /* for no session at all */
    jwt_sign(secret,
             "{\"for\":\"login at a provider\",\"exp\":1900000000,\"jti\":\"" LOGIN "\",\"workspace\":\"" WORKSPACE
             "\",\"session\":\"\"}",
             &token);
    assert_refused(buf_str(&token), session, NOW, "another browser session");
    assert_refused(buf_str(&token), NULL, NOW, "another browser session");
    buf_free(&token);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_comes_back_as_it_went), CASE(test_sessions_differ_and_are_not_in_it),
                                       CASE(test_another_session), CASE(test_ten_minutes), CASE(test_not_ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
