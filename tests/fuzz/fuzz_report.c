#include "tests/fuzz/fuzz_answer.h"

static const struct lookup campaigns[] = {{"campaign", "1201"}, {"campaign", "1207"}};

/* The questions for facts that are too much for one call. */
static const struct question {
    struct slice slice;
    const char *cursor;
} questions[] = {
    {{.kind = SLICE_REPORT}, NULL},
    {{.kind = SLICE_REPORT}, "r1"},
    {{.kind = SLICE_REPORT, .report = "77"}, NULL},
    {{.kind = SLICE_FACTS, .report = "77"}, "w0QVFIUn"},
    {{.kind = SLICE_FACTS, .in_parts = true}, NULL},
    {{.kind = SLICE_FACTS, .in_parts = true}, "x0QVFIUn"},
    {{.kind = SLICE_CAMPAIGNS}, "g0QVFIUn"},
    {{.kind = SLICE_FACTS, .lookups = campaigns, .lookup_count = 2}, "b00:QVFIUn"},
    {{.kind = SLICE_FACTS, .lookups = campaigns, .lookup_count = 2}, "b11:"},
};

static void check_numeric_id(const char *id)
{
    CHECK(id != NULL && *id != '\0' && strspn(id, "0123456789") == strlen(id));
}

/* First byte: which question, and whether the answer is an error. The rest: the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct provider_config config = {.graph_url = "https://graph.facebook.com", .api_version = "v26.0"};
    struct question q;
    struct http_answer a;
    struct verdict v;
    struct page p;

    if (size == 0)
        return 0;
    q = questions[(data[0] & 15) % (sizeof questions / sizeof questions[0])];
    q.slice.account = "act_123";
    q.slice.currency = "EUR";
    q.slice.from = 20758;
    q.slice.to = 20787;
    q.slice.page_limit = 1000;
    a = fuzz_answer((data[0] & 16) != 0 ? 400 : 200, "", 0, data + 1, size - 1);
    provider_find("meta")->page_read(&config, &q.slice, q.cursor, &a, &p, &v);
    check_verdict(&v);
    if (v.rc == 0) {
        check_page(&q.slice, q.cursor, &p);
        CHECK(p.report_percent >= 0 && p.report_percent <= 100);
        if (p.report_word == REPORT_MADE)
            check_numeric_id(p.report);
        for (int i = 0; i < p.entity_count; i++)
            check_numeric_id(p.entities[i].external_id);
        page_clear(&p);
    }
    http_answer_clear(&a);
    return 0;
}
