#include "tests/fuzz/fuzz_answer.h"

static void check_entity(const struct entity_row *r)
{
    const char *const texts[] = {r->external_id,
                                 r->parent_external_id,
                                 r->campaign_external_id,
                                 r->name,
                                 r->status,
                                 r->configured_status,
                                 r->objective,
                                 r->details,
                                 r->created_at,
                                 r->updated_at};

    CHECK(r->external_id != NULL && *r->external_id != '\0');
    CHECK(r->level != NULL && r->name != NULL && r->details != NULL);
    CHECK(strstr(r->details, "\\u0000") == NULL || strstr(r->details, "\\\\u0000") != NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_text(texts[i]);
    if (r->daily_budget != NULL)
        check_number(r->daily_budget);
    if (r->lifetime_budget != NULL)
        check_number(r->lifetime_budget);
}

/* First byte: which listing and step, or which lookup. The rest: the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const cursors[] = {NULL, "c1", "s0QVFIUn", "s2", "a0", "a1MAZDZD", "x0", "c9"};
    static const char *const places[] = {NULL, "l00", "l01", "l02", "l03", "l0-1", "l0x", "c0"};
    static const struct lookup lookups[] = {{"ad", "3"}, {"adset", "2"}, {"campaign", "1"}};
    const struct provider_config config = {.graph_url = "https://graph.facebook.com", .api_version = "v26.0"};
    struct slice s = {.kind = SLICE_ENTITIES, .account = "act_123", .currency = "JPY", .page_limit = 500};
    struct http_answer a;
    struct verdict v;
    struct page p;
    const char *cursor;

    if (size == 0)
        return 0;
    if ((data[0] & 64) != 0) {
        s.kind = SLICE_LOOKUPS;
        s.lookups = lookups;
        s.lookup_count = 3;
    }
    cursor = s.kind == SLICE_LOOKUPS ? places[data[0] % 8] : cursors[data[0] % 8];
    a = fuzz_answer((data[0] & 8) != 0 ? 400 : 200, "", 0, data + 1, size - 1);
    provider_find("meta")->page_read(&config, &s, cursor, &a, &p, &v);
    check_verdict(&v);
    if (v.rc == 0) {
        check_page(&s, cursor, &p);
        for (int i = 0; i < p.entity_count; i++)
            check_entity(&p.entities[i]);
        page_clear(&p);
    }
    http_answer_clear(&a);
    return 0;
}
