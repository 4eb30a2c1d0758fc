#include "tests/sandbox/times.h"
#include "common/base/str.h"
#include <ctype.h>

#define DAY_MS INT64_C(86400000)

struct civil {
    int year, month, day, hour, minute, second;
};

static struct civil civil_of(int64_t local_ms)
{
    struct civil c;
    int64_t day = local_ms / DAY_MS, rest = local_ms % DAY_MS;
    if (rest < 0) {
        day--;
        rest += DAY_MS;
    }
    date_to_civil((date_t)day, &c.year, &c.month, &c.day);
    c.hour = (int)(rest / 3600000);
    c.minute = (int)(rest / 60000 % 60);
    c.second = (int)(rest / 1000 % 60);
    return c;
}

const char *times_meta(const struct zone *z, int64_t at_ms, char out[TIMES_TEXT])
{
    int offset = z != NULL ? zone_offset_seconds(z, at_ms) : 0;
    struct civil c = civil_of(at_ms + (int64_t)offset * 1000);
    int minutes = (offset < 0 ? -offset : offset) / 60;
    (void)snprintf(out, TIMES_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d%02d", c.year % 10000, c.month, c.day, c.hour,
                   c.minute, c.second, offset < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
    return out;
}

const char *times_utc(int64_t at_ms, char out[TIMES_TEXT])
{
    struct civil c = civil_of(at_ms);
    (void)snprintf(out, TIMES_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year % 10000, c.month, c.day, c.hour, c.minute,
                   c.second);
    return out;
}

/* Two digits at text, -1 when they are none or above max. */
static int two_digits(const char *text, int max)
{
    if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
        return -1;
    int value = (text[0] - '0') * 10 + (text[1] - '0');
    return value <= max ? value : -1;
}

static bool parse_offset(const char *text, int *seconds)
{
    if (strcmp(text, "Z") == 0) {
        *seconds = 0;
        return true;
    }
    size_t len = strlen(text);
    bool colon = len == 6 && text[3] == ':';
    if ((text[0] != '+' && text[0] != '-') || (len != 5 && !colon))
        return false;
    int hours = two_digits(text + 1, 14), minutes = two_digits(text + (colon ? 4 : 3), 59);
    *seconds = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
    return hours >= 0 && minutes >= 0;
}

bool times_parse(const char *text, int64_t *at_ms)
{
    char day_text[DATE_TEXT];
    date_t day;
    int offset;
    if (strlen(text) < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        return false;
    memcpy(day_text, text, 10);
    day_text[10] = 0;
    int hour = two_digits(text + 11, 23), minute = two_digits(text + 14, 59), second = two_digits(text + 17, 59);
    if (!date_parse(day_text, &day) || hour < 0 || minute < 0 || second < 0 || !parse_offset(text + 19, &offset))
        return false;
    *at_ms = (int64_t)day * DAY_MS + (hour * 3600 + minute * 60 + second - offset) * INT64_C(1000);
    return true;
}
