#include "tests/fuzz/fuzz_answer.h"

static void on_account(void *arg, const struct account_info *info)
{
    (void)arg;
    CHECK(info->account != NULL && info->currency != NULL && info->timezone != NULL && info->name != NULL);
    check_text(info->account);
    check_text(info->name);
}

/* First byte: the HTTP status. The rest: the body, read as an account and as a list of accounts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 401, 403, 404, 429, 500, 503};
    struct account_info info;
    struct http_answer a;
    struct verdict v;
    struct buf next;

    if (size == 0)
        return 0;
    a = fuzz_answer(statuses[data[0] % 8], "", 0, data + 1, size - 1);
    provider_find("meta")->account_read(&a, &info, &v);
    check_verdict(&v);
    CHECK((v.rc == 0) == (info.account != NULL));
    if (v.rc == 0)
        on_account(NULL, &info);
    account_info_clear(&info);

    buf_init(&next, 8192);
    provider_find("meta")->accounts_read(&a, on_account, NULL, &next, &v);
    check_verdict(&v);
    check_text(buf_str(&next));
    buf_free(&next);
    http_answer_clear(&a);
    return 0;
}
