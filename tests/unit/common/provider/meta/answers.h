#pragma once
#include "common/base/http.h"
#include "common/base/str.h"
#include "common/provider/provider.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
/* Answers of Meta's, as tests write them. */

static inline struct http_answer answer_of_bytes(int status, const char *headers, const char *body, size_t len)
{
    struct http_answer a = {.status = status};

    buf_init(&a.body, 64 << 20);
    buf_init(&a.headers, 1 << 20);
    buf_add(&a.body, body, len);
    buf_add_str(&a.headers, headers);
    return a;
}

/* headers: lines that each end with CRLF. */
static inline struct http_answer answer_of(int status, const char *headers, const char *body)
{
    return answer_of_bytes(status, headers, body, strlen(body));
}

static const struct provider_config test_config = {.graph_url = "https://graph.facebook.com", .api_version = "v26.0"};

/* Facts of November 2026. */
static inline struct slice test_slice(enum slice_kind kind)
{
    struct slice s = {.kind = kind, .account = "act_123", .currency = "EUR", .page_limit = 1000};

    (void)date_parse("2026-11-01", &s.from);
    (void)date_parse("2026-11-30", &s.to);
    return s;
}

static inline void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
}

static inline void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" contains \"%s\"", text, part);
}
