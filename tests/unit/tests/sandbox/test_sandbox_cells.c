#include "tests/sandbox/cells.h"
#include "tests/sandbox/dice.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct fact random_fact(uint64_t key)
{
    return (struct fact){.impressions = dice_between(dice_roll(key, 1), 0, 900),
                         .clicks = dice_between(dice_roll(key, 2), 0, 60),
                         .spend = dice_between(dice_roll(key, 3), 0, 90000),
                         .link_clicks = dice_between(dice_roll(key, 4), 0, 40),
                         .visitors = dice_between(dice_roll(key, 5), 0, 30),
                         .reactions = dice_between(dice_roll(key, 6), 0, 9),
                         .comments = dice_between(dice_roll(key, 7), 0, 3),
                         .video_views = dice_between(dice_roll(key, 8), 0, 200),
                         .carts = dice_between(dice_roll(key, 9), 0, 5),
                         .checkouts = dice_between(dice_roll(key, 10), 0, 3),
                         .purchases = dice_between(dice_roll(key, 11), 0, 8) * 25,
                         .leads = dice_between(dice_roll(key, 12), 0, 3) * 100,
                         .installs = dice_between(dice_roll(key, 13), 0, 3) * 100,
                         .registrations = dice_between(dice_roll(key, 14), 0, 3) * 100,
                         .revenue = dice_between(dice_roll(key, 15), 0, 90000),
                         .overlap = OVERLAP_PARTIAL};
}

static void test_cells_add_up(void **state)
{
    int64_t delivery[24], conversions[24];
    struct fact cells[24];
    (void)state;

    for (uint64_t key = 0; key < 2000; key++) {
        struct fact f = random_fact(key), sum = {.overlap = OVERLAP_PARTIAL};
        for (int i = 0; i < 24; i++) {
            delivery[i] = key % 7 == 0 ? 0 : dice_between(dice_roll(key, 100 + (uint64_t)i), 0, 3);
            conversions[i] = dice_between(dice_roll(key, 200 + (uint64_t)i), 0, 2);
        }
        cells_split(&f, key, delivery, conversions, 24, cells);
        for (int i = 0; i < 24; i++) {
            assert_true(cells[i].impressions >= 0 && cells[i].spend >= 0 && cells[i].revenue >= 0);
            assert_true(cells[i].reach <= cells[i].impressions);
            facts_add(&sum, &cells[i]);
        }
        sum.reach = f.reach = 0;
        assert_memory_equal(&sum, &f, sizeof f);
    }
}

static void test_no_weight_no_share(void **state)
{
    static const int64_t delivery[3] = {0, 2, 3}, conversions[3] = {0, 0, 1};
    struct fact f = {.impressions = 1000, .clicks = 50, .spend = 777, .purchases = 325, .revenue = 4999}, cells[3];
    (void)state;

    for (uint64_t key = 0; key < 50; key++) {
        cells_split(&f, key, delivery, conversions, 3, cells);
        assert_int_equal(cells[0].impressions + cells[0].clicks + cells[0].spend, 0);
        assert_in_range(cells[1].impressions, 399, 401);
        assert_in_range(cells[1].clicks, 19, 21);
        assert_int_equal(cells[2].purchases, 325);
        assert_int_equal(cells[2].revenue, 4999);
    }
}

static void test_a_single_event_may_fall_anywhere(void **state)
{
    static const int64_t even[4] = {1, 1, 1, 1};
    struct fact f = {.impressions = 1, .leads = 100}, cells[4];
    int hits[4] = {0};
    (void)state;

    for (uint64_t key = 0; key < 400; key++) {
        cells_split(&f, key, even, even, 4, cells);
        for (int i = 0; i < 4; i++)
            hits[i] += cells[i].leads == 100;
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(hits[i], 60, 140);
    assert_int_equal(hits[0] + hits[1] + hits[2] + hits[3], 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_add_up),
        cmocka_unit_test(test_no_weight_no_share),
        cmocka_unit_test(test_a_single_event_may_fall_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
