#include "common/base/http.h"
#include "common/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void finds_headers(void **state)
{
    struct http_answer a = {.status = 200};
    char value[32];

    (void)state;
    buf_init(&a.body, 100);
    buf_init(&a.headers, 1000);
    assert_null(http_answer_header(&a, "Date", value, sizeof value));
    buf_add_str(&a.headers, "HTTP/1.1 200 OK\r\nContent-Type:  text/html \r\nX-Usage: {\"a\":1}\r\nX-Usage-More: 2\r\n"
                            "Empty:\r\nLong: 0123456789012345678901234567890123456789\r\nLast: x");
    assert_string_equal(http_answer_header(&a, "content-type", value, sizeof value), "text/html");
    assert_string_equal(http_answer_header(&a, "x-usage", value, sizeof value), "{\"a\":1}");
    assert_string_equal(http_answer_header(&a, "X-USAGE-MORE", value, sizeof value), "2");
    assert_string_equal(http_answer_header(&a, "Empty", value, sizeof value), "");
    assert_string_equal(http_answer_header(&a, "Last", value, sizeof value), "x");
    assert_null(http_answer_header(&a, "Long", value, sizeof value));
    assert_null(http_answer_header(&a, "Usage", value, sizeof value));
    http_answer_clear(&a);
    assert_int_equal(a.status, 0);
}

static void clears_a_request(void **state)
{
    struct http_request r = {.method = "POST", .url = str_dup("https://x"), .body = str_dup("a=1")};

    (void)state;
    http_request_clear(&r);
    assert_null(r.url);
    assert_null(r.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_headers), cmocka_unit_test(clears_a_request)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
