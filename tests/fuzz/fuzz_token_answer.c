#include "tests/fuzz/fuzz_answer.h"

/* First byte: which question about tokens, and whether the answer is an error. The rest: the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct provider *p = provider_find("meta");
    struct token_info info;
    struct secret *token = NULL;
    struct http_answer a;
    struct verdict v;
    int64_t lifetime_s = 0;

    if (size == 0)
        return 0;
    a = fuzz_answer((data[0] & 2) != 0 ? 400 : 200, "", 0, data + 1, size - 1);
    if ((data[0] & 1) != 0) {
        p->grant_read(&a, &token, &lifetime_s, &v);
        CHECK((token != NULL) == (v.rc == 0) && lifetime_s >= 0);
        secret_free(token);
    } else {
        p->inspect_read(&a, &info, &v);
        CHECK(v.rc == 0 || info.scope_count == 0);
        for (int i = 0; i < info.scope_count; i++)
            check_text(info.scopes[i]);
        if (v.rc == 0)
            check_text(info.reason);
        CHECK(info.expires_at_s >= 0 && info.expires_at_s < INT64_C(10000000000) &&
              (info.scope_count > 0 || !info.reads_ads));
        token_info_clear(&info);
    }
    check_verdict(&v);
    http_answer_clear(&a);
    return 0;
}
