#include "tests/fuzz/fuzz_answer.h"
#include <jansson.h>

static void check_object(const char *text)
{
    json_t *root = json_loads(text, 0, NULL);

    CHECK(json_is_object(root) || strlen(text) > 100); /* jansson refuses long numbers */
    check_text(text);
    json_decref(root);
}

static void check_fact(const struct slice *s, const struct fact_row *f)
{
    const char *const numbers[] = {f->spend, f->impressions, f->clicks,    f->link_clicks,   f->conversions, f->revenue,
                                   f->leads, f->installs,    f->purchases, f->registrations, f->visitors};

    CHECK(f->ad_id != NULL && *f->ad_id != '\0');
    CHECK(f->day >= s->from && f->day <= s->to);
    CHECK(f->hour >= -1 && f->hour <= (s->hourly ? 23 : -1));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        check_number(numbers[i]);
    if (f->reach != NULL)
        check_number(f->reach);
    check_text(f->ad_id);
    check_text(f->adset_id);
    check_text(f->campaign_id);
    check_text(f->attribution_setting);
    check_object(f->actions);
    check_object(f->action_values);
}

/* First byte: daily or hourly, first page or a later one. The rest: the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct provider_config config = {.graph_url = "https://graph.facebook.com", .api_version = "v26.0"};
    struct slice s = {.kind = SLICE_FACTS, .account = "act_123", .currency = "EUR", .from = 20758, .to = 20787};
    struct http_answer a;
    struct verdict v;
    struct page p;
    const char *cursor;

    if (size == 0)
        return 0;
    s.hourly = (data[0] & 1) != 0;
    s.page_limit = 1000;
    cursor = (data[0] & 2) != 0 ? "i0QVFIUn" : NULL;
    a = fuzz_answer(200, "", 0, data + 1, size - 1);
    provider_find("meta")->page_read(&config, &s, cursor, &a, &p, &v);
    check_verdict(&v);
    if (v.rc == 0) {
        check_page(&s, cursor, &p);
        for (int i = 0; i < p.fact_count; i++)
            check_fact(&s, &p.facts[i]);
        page_clear(&p);
    }
    http_answer_clear(&a);
    return 0;
}
