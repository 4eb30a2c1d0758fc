/* The truth: the same for the same seed, moving until 28 days later, and told by Meta's action types without loss. */
#include "common/base/zone.h"
#include "tests/sandbox/actions.h"
#include "tests/sandbox/facts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */
#define TODAY ((date_t)(NOW_MS / 86400000))
#define DAY_MS INT64_C(86400000)

static int setup(void **state)
{
    struct err e;
    struct world *w;
    struct world_config config = {.seed = 7, .accounts = 2, .counts = {1, 10, 20, 100}, .anchor = TODAY / 7 * 7};
    assert_int_equal(world_new(&config, &w, &e), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static bool same(const struct fact *a, const struct fact *b)
{
    return a->impressions == b->impressions && a->clicks == b->clicks && a->reach == b->reach && a->spend == b->spend &&
           a->link_clicks == b->link_clicks && a->purchases == b->purchases && a->revenue == b->revenue &&
           a->leads == b->leads && a->installs == b->installs && a->registrations == b->registrations;
}

static void ninety_days_are_about_nine_thousand_rows(void **state)
{
    struct account *a = world_account(*state, 1001);
    struct observation o = facts_observe(a, NOW_MS);
    struct fact f;
    int rows = 0, orphans = 0;
    for (date_t day = TODAY - 90; day < TODAY; day++)
        for (int ad = 0; ad < 100; ad++)
            if (facts_of_ad(a, ad, day, &o, &f)) {
                rows++;
                orphans += f.impressions == 0;
                if (f.impressions == 0) {
                    assert_int_equal(f.spend, 0);
                    assert_true(f.purchases + f.leads + f.installs + f.registrations > 0);
                }
                assert_true(f.clicks <= f.impressions && f.link_clicks <= f.clicks && f.reach <= f.impressions);
            }
    assert_in_range(rows, 8001, 9000);
    assert_in_range(orphans, 10, 200);
}

static void conversions_trickle_in_until_the_day_is_frozen(void **state)
{
    struct account *a = world_account(*state, 1001);
    struct fact was, is;
    date_t day = TODAY - 60;
    int grown = 0, frozen = 0;
    for (int ad = 0; ad < 100; ad++) {
        struct observation early = facts_observe(a, (day + 1) * DAY_MS), late = facts_observe(a, (day + 28) * DAY_MS);
        struct observation later = facts_observe(a, (day + 60) * DAY_MS);
        bool there = facts_of_ad(a, ad, day, &early, &was);
        if (facts_of_ad(a, ad, day, &late, &is) && there) {
            assert_true(is.purchases >= was.purchases && is.leads >= was.leads);
            grown += is.purchases > was.purchases;
        }
        there = facts_of_ad(a, ad, day, &late, &was);
        assert_int_equal(facts_of_ad(a, ad, day, &later, &is), there);
        assert_true(same(&was, &is));
        frozen++;
    }
    assert_true(grown > 5);
    assert_int_equal(frozen, 100);
}

static void a_running_day_grows(void **state)
{
    struct account *a = world_account(*state, 1001);
    struct fact f;
    int64_t before = 0;
    for (int hour = 0; hour < 24; hour += 6) {
        struct observation o = facts_observe(a, zone_day_start_ms(a->zone, TODAY) + hour * INT64_C(3600000));
        int64_t sum = 0;
        assert_int_equal(o.today, TODAY);
        for (int ad = 0; ad < 100; ad++)
            sum += facts_of_ad(a, ad, TODAY, &o, &f) ? f.impressions : 0;
        assert_true(hour == 0 ? sum == 0 : sum > before);
        before = sum;
        assert_false(facts_of_ad(a, 0, TODAY + 1, &o, &f));
    }
}

/* The numbers of one account for 30 days and 100 ads. */
struct month {
    struct fact facts[30][100];
    bool there[30][100];
};

static void read_month(const struct account *a, struct month *m)
{
    struct observation o = facts_observe(a, NOW_MS);
    for (int d = 0; d < 30; d++)
        for (int ad = 0; ad < 100; ad++)
            m->there[d][ad] = facts_of_ad(a, ad, TODAY - 30 + d, &o, &m->facts[d][ad]);
}

struct difference {
    int changed, vanished, appeared, outside;
};

static struct difference compare(const struct month *was, const struct month *is, int first, int last)
{
    struct difference n = {0};
    for (int d = 0; d < 30; d++)
        for (int ad = 0; ad < 100; ad++) {
            bool before = was->there[d][ad], after = is->there[d][ad];
            bool changed = before && after && !same(&was->facts[d][ad], &is->facts[d][ad]);
            n.changed += changed;
            n.vanished += before && !after;
            n.appeared += !before && after;
            n.outside += (changed || before != after) && (d < first || d > last);
        }
    return n;
}

static void restating_changes_a_share_of_the_range_and_nothing_else(void **state)
{
    static struct month was, is, other_was, other_is;
    struct account *a = world_account(*state, 1001), *other = world_account(*state, 1002);
    struct restatement r = {.account = 1001, .from = TODAY - 20, .to = TODAY - 11, .permille = 200, .key = 99};
    read_month(a, &was);
    read_month(other, &other_was);
    world_restate(*state, &r);
    read_month(a, &is);
    read_month(other, &other_is);
    struct difference here = compare(&was, &is, 10, 19), there = compare(&other_was, &other_is, 10, 19);
    assert_in_range(here.changed, 100, 250);
    assert_in_range(here.vanished, 5, 60);
    assert_true(here.appeared > 0);
    assert_int_equal(here.outside, 0);
    assert_int_equal(there.changed + there.vanished + there.appeared, 0);
}

static bool find(const struct action *list, int count, const char *type, int64_t *hundredths, int64_t *money)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].type, type) == 0) {
            *hundredths += list[i].hundredths;
            *money += list[i].money;
            return true;
        }
    return false;
}

/* The rule of the contract: first of the totals, else the disjoint channels. */
static void choose_purchases(const struct action *list, int count, int64_t *hundredths, int64_t *money)
{
    static const char *const channels[] = {"offsite_conversion.fb_pixel_purchase", "onsite_conversion.purchase",
                                           "app_custom_event.fb_mobile_purchase", "offline_conversion.purchase"};
    *hundredths = *money = 0;
    if (find(list, count, "omni_purchase", hundredths, money) || find(list, count, "purchase", hundredths, money))
        return;
    for (size_t i = 0; i < 4; i++)
        (void)find(list, count, channels[i], hundredths, money);
}

static void the_purchase_trap_has_one_right_answer(void **state)
{
    struct account *a = world_account(*state, 1001);
    struct observation o = facts_observe(a, NOW_MS);
    struct action list[ACTIONS_MAX];
    struct fact f;
    int seen[4] = {0}, trapped = 0;
    for (date_t day = TODAY - 90; day < TODAY; day++)
        for (int ad = 0; ad < 100; ad++) {
            int64_t hundredths, money, sum = 0;
            if (!facts_of_ad(a, ad, day, &o, &f))
                continue;
            int count = actions_list(&f, list);
            choose_purchases(list, count, &hundredths, &money);
            assert_int_equal(hundredths, f.purchases);
            assert_int_equal(money, f.revenue);
            for (int i = 0; i < count; i++)
                sum += strstr(list[i].type, "purchase") != NULL ? list[i].hundredths : 0;
            trapped += sum > f.purchases;
            seen[f.overlap] += f.purchases > 0;
        }
    assert_true(trapped > 100);
    for (int i = 0; i < 4; i++)
        assert_true(seen[i] > 0);
}

static void windows_overlap_and_dead_ones_stay_away(void **state)
{
    struct action list[] = {{"omni_purchase", 1000, 12345, true}, {"link_click", 500, -1, false}};
    struct buf b;
    (void)state;
    buf_init(&b, 1 << 16);
    assert_true(actions_write(&b, list, 2, ACTIONS_COUNT, 2, WINDOW_7D_CLICK | WINDOW_1D_VIEW));
    assert_string_equal(buf_str(&b),
                        "[{\"action_type\":\"omni_purchase\",\"value\":\"10\",\"7d_click\":\"9\",\"1d_view\":\"1\"},"
                        "{\"action_type\":\"link_click\",\"value\":\"5\",\"7d_click\":\"5\"}]");
    buf_reset(&b);
    assert_true(actions_write(&b, list, 2, ACTIONS_MONEY, 2, 0));
    assert_string_equal(buf_str(&b), "[{\"action_type\":\"omni_purchase\",\"value\":\"123.45\"}]");
    buf_reset(&b);
    assert_false(actions_write(&b, list + 1, 1, ACTIONS_MONEY, 2, 0));
    assert_string_equal(buf_str(&b), "");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ninety_days_are_about_nine_thousand_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(conversions_trickle_in_until_the_day_is_frozen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_running_day_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(restating_changes_a_share_of_the_range_and_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(the_purchase_trap_has_one_right_answer, setup, teardown),
        cmocka_unit_test(windows_overlap_and_dead_ones_stay_away),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    zone_shutdown();
    return rc;
}
