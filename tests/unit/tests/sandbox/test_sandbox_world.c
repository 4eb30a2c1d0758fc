/* The world is the same for the same seed, hangs together, and changes only as it is told. */
#include "common/base/zone.h"
#include "tests/sandbox/times.h"
#include "tests/sandbox/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */

static struct world *make(uint64_t seed)
{
    struct err e;
    struct world *w;
    struct world_config config = {
        .seed = seed, .accounts = 12, .counts = {1, 10, 20, 100}, .anchor = NOW_MS / 86400000 / 7 * 7};
    assert_int_equal(world_new(&config, &w, &e), 0);
    return w;
}

static void same_seed_same_world(void **state)
{
    struct world *a = make(1), *b = make(1), *c = make(2);
    int differing = 0;
    (void)state;
    /* asked in another order: account 1003 first */
    (void)world_account(b, 1003);
    for (enum level level = LEVEL_CAMPAIGN; level <= LEVEL_AD; level++)
        for (int i = 0; i < 10; i++) {
            struct account *x = world_account(a, 1001), *y = world_account(b, 1001), *z = world_account(c, 1001);
            assert_string_equal(entity_name(x, level, i), entity_name(y, level, i));
            assert_int_equal(x->entities[level][i].updated_ms, y->entities[level][i].updated_ms);
            assert_int_equal(x->entities[level][i].effective, y->entities[level][i].effective);
            differing += strcmp(entity_name(x, level, i), entity_name(z, level, i)) != 0;
        }
    assert_true(differing > 15);
    world_free(a);
    world_free(b);
    world_free(c);
}

static void children_lie_side_by_side(void **state)
{
    struct world *w = make(1);
    (void)state;
    for (int number = 1001; number < 1013; number++) {
        struct account *a = world_account(w, number);
        int adsets = 0, ads = 0;
        for (int c = 0; c < 10; c++) {
            const struct entity *x = &a->entities[LEVEL_CAMPAIGN][c];
            assert_int_equal(x->first[LEVEL_ADSET], adsets);
            assert_int_equal(x->first[LEVEL_AD], ads);
            adsets += x->count[LEVEL_ADSET];
            ads += x->count[LEVEL_AD];
            for (int i = x->first[LEVEL_AD]; i < ads; i++)
                assert_int_equal(a->entities[LEVEL_AD][i].parent[LEVEL_CAMPAIGN], c);
        }
        assert_int_equal(adsets, 20);
        assert_int_equal(ads, 100);
    }
    world_free(w);
}

static void ids_lead_back(void **state)
{
    struct world *w = make(1);
    struct ref ref;
    char id[ID_TEXT];
    (void)state;
    for (enum level level = LEVEL_CAMPAIGN; level <= LEVEL_AD; level++) {
        entity_id(world_account(w, 1007), level, 9, id);
        assert_true(world_find(w, id, &ref));
        assert_int_equal(ref.account->number, 1007);
        assert_int_equal(ref.level, level);
        assert_int_equal(ref.index, 9);
    }
    assert_true(world_find(w, "act_1012", &ref));
    assert_int_equal(ref.level, LEVEL_ACCOUNT);
    assert_false(world_find(w, "act_1013", &ref));
    assert_false(world_find(w, "1007", &ref));
    assert_false(world_find(w, "1230001007000101", &ref)); /* the 101st ad */
    assert_false(world_find(w, "1240001007000001", &ref));
    assert_false(world_find(w, "act_99999999999999", &ref));
    world_free(w);
}

static void the_default_world_has_all_cases(void **state)
{
    struct world *w = make(1);
    struct account *a = world_account(w, 1001);
    int statuses[STATUS_COUNT] = {0};
    unsigned drives = 0;
    (void)state;
    for (int i = 0; i < 100; i++)
        statuses[a->entities[LEVEL_AD][i].effective]++;
    for (int i = 0; i < 10; i++)
        drives |= 1U << a->entities[LEVEL_CAMPAIGN][i].objective->drive;
    assert_true(statuses[STATUS_ACTIVE] > 50);
    assert_true(statuses[STATUS_PAUSED] > 0 && statuses[STATUS_ADSET_PAUSED] > 0 &&
                statuses[STATUS_CAMPAIGN_PAUSED] > 0);
    assert_true(statuses[STATUS_ARCHIVED] > 0 && statuses[STATUS_DELETED] > 0);
    assert_int_equal(drives, 0x3f);
    assert_string_equal(a->timezone, "Europe/Berlin");
    assert_string_equal(world_account(w, 1004)->currency, "JPY");
    assert_int_equal(world_account(w, 1004)->minor_digits, 0);
    world_free(w);
}

static void a_paused_campaign_stops_its_ads(void **state)
{
    struct world *w = make(1);
    struct account *a = world_account(w, 1001);
    struct ref ref = {a, LEVEL_CAMPAIGN, 1};
    struct entity *x = ref_entity(&ref), *ad = &a->entities[LEVEL_AD][x->first[LEVEL_AD]];
    struct entity_change pause = {.name = "new name", .status = STATUS_PAUSED, .daily_budget = -1};
    struct entity_change resume = {.status = STATUS_ACTIVE, .daily_budget = 700};
    (void)state;
    ad->configured = STATUS_ACTIVE;
    a->entities[LEVEL_ADSET][ad->parent[LEVEL_ADSET]].configured = STATUS_ACTIVE;
    entity_change(&ref, &resume, NOW_MS - 1000);
    assert_int_equal(ad->effective, STATUS_ACTIVE);
    assert_int_equal(ad->last_day, INT32_MAX);

    entity_change(&ref, &pause, NOW_MS);
    assert_int_equal(ad->effective, STATUS_CAMPAIGN_PAUSED);
    assert_int_equal(ad->configured, STATUS_ACTIVE);
    assert_int_equal(ad->last_day, NOW_MS / 86400000);
    assert_int_equal(ad->updated_ms, NOW_MS);
    assert_int_equal(x->updated_ms, NOW_MS);
    assert_int_equal(x->daily_budget, 700);
    assert_string_equal(entity_name(a, LEVEL_CAMPAIGN, 1), "new name");
    world_free(w);
}

static void times_are_written_as_meta_does(void **state)
{
    struct err e;
    const struct zone *z;
    char text[TIMES_TEXT];
    int64_t at_ms;
    (void)state;
    assert_int_equal(zone_get("America/Los_Angeles", &z, &e), 0);
    assert_true(times_parse("2026-03-22T05:33:56Z", &at_ms));
    assert_string_equal(times_meta(z, at_ms, text), "2026-03-21T22:33:56-0700");
    assert_true(times_parse("2026-03-21T22:33:56-0700", &at_ms));
    assert_string_equal(times_utc(at_ms, text), "2026-03-22T05:33:56Z");
    assert_int_equal(zone_get("Asia/Kathmandu", &z, &e), 0);
    assert_string_equal(times_meta(z, at_ms, text), "2026-03-22T11:18:56+0545");
    assert_false(times_parse("2026-02-30T00:00:00Z", &at_ms));
    assert_false(times_parse("2026-03-22 05:33:56Z", &at_ms));
    assert_false(times_parse("2026-03-22T05:33:56", &at_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_world),
        cmocka_unit_test(children_lie_side_by_side),
        cmocka_unit_test(ids_lead_back),
        cmocka_unit_test(the_default_world_has_all_cases),
        cmocka_unit_test(a_paused_campaign_stops_its_ads),
        cmocka_unit_test(times_are_written_as_meta_does),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    zone_shutdown();
    return rc;
}
