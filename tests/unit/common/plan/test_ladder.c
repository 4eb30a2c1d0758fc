#include "common/plan/ladder.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Asks again and again for ever too much; the way down as a text: "p250" a page limit, "c15" a cut to so many days,
 * "r1" a rung, "end". */
static void walk(struct ladder_question q, struct shape s, int settings_limit, const char *expected)
{
    char way[512] = "";
    size_t len = 0;
    for (int i = 0; i < 40; i++) {
        q.page_limit = s.page_limit > 0 && s.page_limit < settings_limit ? s.page_limit : settings_limit;
        const enum ladder_step step = ladder_next(&q, &s);
        const char *gap = len > 0 ? " " : "";
        if (step == LADDER_PAGE)
            len += (size_t)snprintf(way + len, sizeof way - len, "%sp%d", gap, s.page_limit);
        else if (step == LADDER_CUT)
            len += (size_t)snprintf(way + len, sizeof way - len, "%sc%d", gap, s.days_limit);
        else if (step == LADDER_RUNG)
            len += (size_t)snprintf(way + len, sizeof way - len, "%sr%d", gap, (int)s.rung);
        else
            len += (size_t)snprintf(way + len, sizeof way - len, "%send", gap);
        if (step == LADDER_CUT) {
            assert_int_equal(s.days_limit, ladder_newer_half(q.days));
            assert_int_equal(s.page_limit, 0);
            q.days = s.days_limit;
        }
        if (step == LADDER_END)
            break;
    }
    assert_string_equal(way, expected);
}

static void facts_come_down_the_whole_ladder(void **state)
{
    (void)state;
    const struct shape fresh = {0};
    walk((struct ladder_question){.topic = LADDER_FACTS, .days = 30}, fresh, 1000,
         "p250 p62 p15 p5 c15 c8 c4 c2 c1 r1 r2 r3 end");
    walk((struct ladder_question){.topic = LADDER_FACTS, .days = 1}, fresh, 100, "p25 p6 p5 r1 r2 r3 end");
    walk((struct ladder_question){.topic = LADDER_HOURS, .days = 2}, fresh, 5, "c1 r2 r3 end");
    walk((struct ladder_question){.topic = LADDER_HOURS, .days = 2}, fresh, 3, "c1 r2 r3 end");
}

static void what_was_learned_is_where_it_begins(void **state)
{
    (void)state;
    walk((struct ladder_question){.topic = LADDER_FACTS, .days = 3}, (struct shape){.page_limit = 62}, 1000,
         "p15 p5 c2 c1 r1 r2 r3 end");
    walk((struct ladder_question){.topic = LADDER_FACTS, .days = 3}, (struct shape){.days_limit = 3}, 1000,
         "c2 c1 r1 r2 r3 end");
}

static void pages_of_a_report_shrink_too(void **state)
{
    (void)state;
    walk((struct ladder_question){.topic = LADDER_FACTS, .days = 1, .reading_report = true},
         (struct shape){.rung = RUNG_REPORT, .days_limit = 1}, 1000, "p250 p62 p15 p5 r3 end");
}

static void listings_have_pages_only(void **state)
{
    (void)state;
    walk((struct ladder_question){.topic = LADDER_ENTITIES, .days = 1}, (struct shape){0}, 500, "p125 p31 p7 p1 end");
}

static void totals_have_days_only(void **state)
{
    (void)state;
    walk((struct ladder_question){.topic = LADDER_TOTALS, .days = 5}, (struct shape){0}, 1000, "c3 c2 c1 end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_come_down_the_whole_ladder),
        cmocka_unit_test(what_was_learned_is_where_it_begins),
        cmocka_unit_test(pages_of_a_report_shrink_too),
        cmocka_unit_test(listings_have_pages_only),
        cmocka_unit_test(totals_have_days_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
