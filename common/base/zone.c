#include "common/base/zone.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <unistd.h>

struct zone {
    char *name;
    GTimeZone *glib;
    struct zone *next;
};

enum { DAY_S = 24 * 60 * 60, MINUTE_S = 60, WIDEST_OFFSET_S = 16 * 60 * 60 };

static struct zone *zones;

static bool is_lack(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

static bool can_be_zone(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("_+-/", *c) == NULL)
            return false;
    }
    return isalpha((unsigned char)*name) != 0;
}

/* GLib also takes "+01:00" and POSIX rules for names, and complains on stderr about files that are no zones. */
static int check_zone_file(const char *name, struct err *e)
{
    const char *folder = getenv("TZDIR");
    char magic[4] = "", *path;
    int fd = -1, problem = 0;

    if (can_be_zone(name)) {
        path = str_printf("%s/%s", folder != NULL ? folder : "/usr/share/zoneinfo", name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        problem = fd < 0 ? errno : 0;
        free(path);
    }
    if (is_lack(problem))
        return err_set(e, -problem, "the data of time zone \"%s\": %s", name, strerror(problem));
    if (fd >= 0 && read(fd, magic, sizeof magic) != (ssize_t)sizeof magic)
        magic[0] = '\0';
    if (fd >= 0)
        (void)close(fd);
    if (memcmp(magic, "TZif", sizeof magic) != 0)
        return err_set(e, ERR_INPUT, "\"%s\" is no time zone known here; is the package tzdata installed?", name);
    return 0;
}

int zone_get(const char *name, const struct zone **out, struct err *e)
{
    struct zone *z;
    int rc;

    for (z = zones; z != NULL; z = z->next) {
        if (strcmp(z->name, name) == 0) {
            *out = z;
            return 0;
        }
    }
    const bool is_utc = strcmp(name, "UTC") == 0;
    rc = is_utc ? 0 : check_zone_file(name, e);
    if (rc != 0)
        return rc;
    z = mem_new(1, sizeof *z);
    z->glib = is_utc ? g_time_zone_new_utc() : g_time_zone_new_identifier(name);
    if (z->glib == NULL) {
        free(z);
        return err_set(e, ERR_INPUT, "the data of time zone \"%s\" cannot be read", name);
    }
    z->name = str_dup(name);
    z->next = zones;
    zones = z;
    *out = z;
    return 0;
}

void zone_shutdown(void)
{
    while (zones != NULL) {
        struct zone *z = zones;

        zones = z->next;
        g_time_zone_unref(z->glib);
        free(z->name);
        free(z);
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int offset_at(const struct zone *z, int64_t at_s)
{
    int interval = g_time_zone_find_interval(z->glib, G_TIME_TYPE_UNIVERSAL, at_s);

    return interval < 0 ? 0 : g_time_zone_get_offset(z->glib, interval);
}

int zone_offset_seconds(const struct zone *z, int64_t at_ms)
{
    return offset_at(z, floor_div(at_ms, 1000));
}

date_t zone_day(const struct zone *z, int64_t at_ms)
{
    int64_t at_s = floor_div(at_ms, 1000);

    return (date_t)floor_div(at_s + offset_at(z, at_s), DAY_S);
}

/* The first instant in (from_s, to_s] at which the offset is no longer that of from_s. */
static int64_t find_jump(const struct zone *z, int64_t from_s, int64_t to_s)
{
    const int before = offset_at(z, from_s);

    while (to_s - from_s > 1) {
        int64_t middle = from_s + (to_s - from_s) / 2;

        if (offset_at(z, middle) == before)
            from_s = middle;
        else
            to_s = middle;
    }
    return to_s;
}

/* The instant at which the wall clock shows wall_s (seconds since 1970 as if it were UTC): the first when it shows it
 * twice, the jump when it never does. */
static int64_t from_wall(const struct zone *z, int64_t wall_s)
{
    const int before = offset_at(z, wall_s - WIDEST_OFFSET_S), after = offset_at(z, wall_s + WIDEST_OFFSET_S);
    const int64_t by_before = wall_s - before, by_after = wall_s - after;

    /* clocks put back: both may be right, and by_before is then the earlier */
    if (offset_at(z, by_before) == before)
        return by_before;
    if (offset_at(z, by_after) == after)
        return by_after;
    return find_jump(z, by_after, by_before);
}

int64_t zone_day_start_ms(const struct zone *z, date_t day)
{
    return from_wall(z, (int64_t)day * DAY_S) * 1000;
}

int64_t zone_next_ms(const struct zone *z, int64_t after_ms, int minute_of_day)
{
    int64_t at_ms;

    CHECK(minute_of_day >= 0 && minute_of_day < DAY_S / MINUTE_S);
    /* from the day before: where a time is skipped, the jump belongs to a later day of the clock */
    for (int64_t day = (int64_t)zone_day(z, after_ms) - 1;; day++) {
        at_ms = from_wall(z, day * DAY_S + (int64_t)minute_of_day * MINUTE_S) * 1000;
        if (at_ms > after_ms)
            return at_ms;
    }
}
