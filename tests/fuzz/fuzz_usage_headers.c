#include "tests/fuzz/fuzz_answer.h"

/* The input is the header block of an answer, read for one account and for any. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct provider_config config = {.graph_url = "https://graph.facebook.com", .api_version = "v26.0"};
    const struct slice s = {.kind = SLICE_FACTS, .account = "act_123", .page_limit = 1};
    struct http_answer a = fuzz_answer(200, (const char *)data, size, "{\"data\":[]}", 11);
    struct account_info info;
    struct verdict v;
    struct page p;

    provider_find("meta")->page_read(&config, &s, NULL, &a, &p, &v);
    CHECK(v.rc == 0 && p.fact_count == 0);
    check_verdict(&v);
    page_clear(&p);
    provider_find("meta")->account_read(&a, &info, &v);
    check_verdict(&v);
    account_info_clear(&info);
    http_answer_clear(&a);
    return 0;
}
