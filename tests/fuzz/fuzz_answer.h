#pragma once
#include "common/base/check.h"
#include "common/base/decimal.h"
#include "common/base/http.h"
#include "common/base/str.h"
#include "common/provider/provider.h"
#include <stdint.h>
/* What the fuzzers of Meta's answers share. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct http_answer fuzz_answer(int status, const char *headers, size_t headers_len, const void *body,
                                             size_t body_len)
{
    struct http_answer a = {.status = status};

    buf_init(&a.body, 1 << 20);
    buf_init(&a.headers, 1 << 20);
    buf_add(&a.headers, headers, headers_len);
    buf_add(&a.body, body, body_len);
    return a;
}

static inline void check_text(const char *text)
{
    CHECK(text == NULL || str_is_utf8(text, strlen(text)));
}

static inline void check_number(const char *text)
{
    struct decimal d;
    char canonical[DECIMAL_TEXT];

    CHECK(decimal_parse(text, &d));
    CHECK(strcmp(decimal_text(&d, canonical), text) == 0);
}

static inline void check_verdict(const struct verdict *v)
{
    CHECK(v->rc <= 0);
    CHECK(v->account.used_percent >= -1 && v->account.used_percent <= 1000 && v->account.blocked_ms >= 0);
    CHECK(v->app.used_percent >= -1 && v->app.used_percent <= 1000 && v->app.blocked_ms >= 0);
    CHECK(v->rc == 0 || v->text[0] != '\0');
    check_text(v->text);
    for (const char *c = v->text; *c != '\0'; c++)
        CHECK((unsigned char)*c >= ' ');
}

/* A page that was read passes the provider's own promises. cursor: the one that asked for it. */
static inline void check_page(const struct slice *s, const char *cursor, const struct page *p)
{
    const struct provider_config config = {.graph_url = "https://graph.facebook.com", .api_version = "v26.0"};
    struct http_request request;

    CHECK(p->next == NULL || cursor == NULL || strcmp(p->next, cursor) != 0);
    check_text(p->next);
    if (p->next != NULL) {
        CHECK(provider_find("meta")->page_request(&config, s, p->next, NULL, &request, NULL) == 0);
        http_request_clear(&request);
    }
}
