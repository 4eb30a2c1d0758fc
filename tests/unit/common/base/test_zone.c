#include "common/base/zone.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static const struct zone *zone_named(const char *name)
{
    const struct zone *z = NULL;
    struct err e;

    if (zone_get(name, &z, &e) != 0)
        fail_msg("%s", e.text);
    return z;
}

static int64_t utc_ms(int year, int month, int day, int hour, int minute)
{
    return (((int64_t)date_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60000;
}

static date_t day_of(const char *text)
{
    date_t day = DATE_NONE;

    assert_true(date_parse(text, &day));
    return day;
}

static void one_instant_five_calendars(void **state)
{
    static const struct {
        const char *zone, *day;
        int offset_minutes;
    } cases[] = {{"Pacific/Auckland", "2026-11-23", 13 * 60},
                 {"America/Los_Angeles", "2026-11-22", -8 * 60},
                 {"Asia/Kathmandu", "2026-11-22", 5 * 60 + 45},
                 {"UTC", "2026-11-22", 0},
                 {"Australia/Lord_Howe", "2026-11-23", 11 * 60}};
    const int64_t at = utc_ms(2026, 11, 22, 13, 30);
    char text[DATE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct zone *z = zone_named(cases[i].zone);

        assert_string_equal(date_text(zone_day(z, at), text), cases[i].day);
        assert_int_equal(zone_offset_seconds(z, at), cases[i].offset_minutes * 60);
        assert_true(zone_day_start_ms(z, day_of(cases[i].day)) ==
                    (int64_t)day_of(cases[i].day) * 86400000 - (int64_t)cases[i].offset_minutes * 60000);
        assert_ptr_equal(zone_named(cases[i].zone), z);
    }
    zone_shutdown();
}

static void days_have_23_and_25_hours(void **state)
{
    static const struct {
        const char *zone, *day;
        int minutes;
    } cases[] = {
        {"America/Los_Angeles", "2026-03-08", 23 * 60},
        {"America/Los_Angeles", "2026-11-01", 25 * 60},
        {"America/Los_Angeles", "2026-07-01", 24 * 60},
        {"Pacific/Auckland", "2026-04-05", 25 * 60},
        {"Pacific/Auckland", "2026-09-27", 23 * 60},
        {"Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30},
        {"Australia/Lord_Howe", "2026-10-04", 23 * 60 + 30},
        {"Asia/Kathmandu", "2026-03-08", 24 * 60},
        {"UTC", "2026-03-08", 24 * 60},
        {"America/Santiago", "2024-09-08", 23 * 60},
        {"America/Santiago", "2024-04-06", 25 * 60},
        {"America/Havana", "2024-11-03", 25 * 60},
        {"Pacific/Apia", "2011-12-30", 0},
        {"America/Los_Angeles", "2045-03-12", 23 * 60},
        {"Pacific/Auckland", "2050-04-03", 25 * 60},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct zone *z = zone_named(cases[i].zone);
        date_t day = day_of(cases[i].day);
        int64_t minutes = (zone_day_start_ms(z, day + 1) - zone_day_start_ms(z, day)) / 60000;

        if (minutes != cases[i].minutes)
            fail_msg("%s %s has %d minutes", cases[i].zone, cases[i].day, (int)minutes);
    }
    zone_shutdown();
}

/* Santiago's clocks jump from 24:00 to 01:00. */
static void skipped_midnight_is_the_jump(void **state)
{
    const struct zone *z = zone_named("America/Santiago");
    const int64_t jump = utc_ms(2024, 9, 8, 4, 0);

    (void)state;
    assert_true(zone_day_start_ms(z, day_of("2024-09-08")) == jump);
    assert_int_equal(zone_day(z, jump), day_of("2024-09-08"));
    assert_int_equal(zone_day(z, jump - 1), day_of("2024-09-07"));
    assert_true(zone_next_ms(z, jump - 1, 0) == jump);
    assert_true(zone_next_ms(z, jump - 1, 30) == jump);
    assert_true(zone_next_ms(z, jump, 30) == utc_ms(2024, 9, 9, 3, 30));
    zone_shutdown();
}

/* Havana's go back from 01:00 to 00:00: midnight comes twice. */
static void doubled_time_is_its_first_pass(void **state)
{
    const struct zone *havana = zone_named("America/Havana"), *la = zone_named("America/Los_Angeles");

    (void)state;
    assert_true(zone_day_start_ms(havana, day_of("2024-11-03")) == utc_ms(2024, 11, 3, 4, 0));
    assert_true(zone_next_ms(la, utc_ms(2026, 11, 1, 0, 0), 90) == utc_ms(2026, 11, 1, 8, 30));
    assert_true(zone_next_ms(la, utc_ms(2026, 11, 1, 8, 30), 90) == utc_ms(2026, 11, 2, 9, 30));
    zone_shutdown();
}

static void nightly_times(void **state)
{
    const struct zone *la = zone_named("America/Los_Angeles"), *utc = zone_named("UTC");

    (void)state;
    assert_true(zone_next_ms(utc, utc_ms(2026, 1, 1, 3, 0) - 1, 180) == utc_ms(2026, 1, 1, 3, 0));
    assert_true(zone_next_ms(utc, utc_ms(2026, 1, 1, 3, 0), 180) == utc_ms(2026, 1, 2, 3, 0));
    assert_true(zone_next_ms(utc, -1, 0) == 0);
    assert_true(zone_next_ms(la, utc_ms(2026, 3, 7, 12, 0), 180) == utc_ms(2026, 3, 8, 10, 0)); /* behind the jump */
    assert_true(zone_next_ms(la, utc_ms(2026, 3, 7, 12, 0), 150) == utc_ms(2026, 3, 8, 10, 0)); /* 02:30 is skipped */
    assert_true(zone_next_ms(la, utc_ms(2026, 3, 8, 10, 0), 150) == utc_ms(2026, 3, 9, 9, 30));
    assert_true(zone_next_ms(la, utc_ms(2026, 6, 1, 0, 0), 1439) == utc_ms(2026, 6, 1, 6, 59));
    zone_shutdown();
}

/* For every zone: days join without gap, and each begins with its first instant. */
static void days_join(void **state)
{
    static const char *const names[] = {"Pacific/Auckland",    "America/Los_Angeles", "Asia/Kathmandu",  "UTC",
                                        "Australia/Lord_Howe", "America/Santiago",    "America/Havana",  "Asia/Beirut",
                                        "Africa/Cairo",        "America/Asuncion",    "Pacific/Chatham", "Etc/GMT+5"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct zone *z = zone_named(names[i]);

        for (date_t day = day_of("2015-01-01"); day < day_of("2042-01-01"); day++) {
            int64_t start = zone_day_start_ms(z, day);

            if (zone_day(z, start) != day || zone_day(z, start - 1) >= day || zone_day(z, start + 82799999) != day)
                fail_msg("%s: day %d is cut wrongly", names[i], (int)day);
        }
    }
    zone_shutdown();
}

static void knows_only_zones_of_tzdata(void **state)
{
    static const char *const bad[] = {"",
                                      "Z",
                                      "+01:00",
                                      "Mars/Phobos",
                                      "America",
                                      "../../etc/passwd",
                                      "America/../UTC",
                                      "tzdata.zi",
                                      "PST8PDT,M3.2.0,M11.1.0",
                                      "/usr/share/zoneinfo/UTC",
                                      "leapseconds",
                                      "America/Los_Angeles\n"};
    const struct zone *z = NULL;
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (zone_get(bad[i], &z, &e) != ERR_INPUT)
            fail_msg("\"%s\" was taken for a zone", bad[i]);
        assert_null(z);
    }
    assert_int_equal(zone_get("Mars/Phobos", &z, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "Mars/Phobos"));
    zone_shutdown();
}

static void a_lack_of_descriptors_says_nothing_of_the_name(void **state)
{
    struct rlimit before, lack;
    const struct zone *z = NULL;
    struct err e;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    lack = before;
    lack.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lack), 0);
    assert_int_equal(zone_get("Europe/Berlin", &z, &e), -EMFILE);
    assert_null(z);
    assert_non_null(strstr(e.text, "Europe/Berlin"));
    assert_int_equal(zone_get("UTC", &z, &e), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(zone_get("Europe/Berlin", &z, &e), 0);
    zone_shutdown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_instant_five_calendars),
        cmocka_unit_test(days_have_23_and_25_hours),
        cmocka_unit_test(skipped_midnight_is_the_jump),
        cmocka_unit_test(doubled_time_is_its_first_pass),
        cmocka_unit_test(nightly_times),
        cmocka_unit_test(days_join),
        cmocka_unit_test(knows_only_zones_of_tzdata),
        cmocka_unit_test(a_lack_of_descriptors_says_nothing_of_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
