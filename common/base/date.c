#include "common/base/date.h"
#include "common/base/check.h"

/* A year that begins in March has its leap day last: month lengths then follow one line, (153 m + 2) / 5. The calendar
 * repeats every 400 years = 146,097 days; 1970-01-01 is day 719,468 of the era that begins on 0000-03-01. */
enum { ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH_DAY = 719468 };

static int floor_div(int a, int b)
{
    return a / b - (a % b < 0);
}

date_t date_from_civil(int year, int month, int day)
{
    int march_year = month <= 2 ? year - 1 : year;
    int march_month = (month + 9) % 12;
    int era = floor_div(march_year, ERA_YEARS);
    int of_era = march_year - era * ERA_YEARS;

    CHECK(month >= 1 && month <= 12);
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + (153 * march_month + 2) / 5 + day - 1 -
           EPOCH_DAY;
}

void date_to_civil(date_t day, int *year, int *month, int *dom)
{
    int from_era0, era, of_era, of_year, march_year, march_month;

    CHECK(day != DATE_NONE && day < INT32_MAX - EPOCH_DAY);
    from_era0 = day + EPOCH_DAY;
    era = floor_div(from_era0, ERA_DAYS);
    of_era = from_era0 - era * ERA_DAYS;
    march_year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
    of_year = of_era - (march_year * 365 + march_year / 4 - march_year / 100);
    march_month = (5 * of_year + 2) / 153;
    *dom = of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = era * ERA_YEARS + march_year + (*month <= 2);
}

static int month_days(int year, int month)
{
    int next_year = month == 12 ? year + 1 : year;

    return date_from_civil(next_year, month % 12 + 1, 1) - date_from_civil(year, month, 1);
}

static int read_digits(const char *text, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool date_parse(const char *text, date_t *out)
{
    int year, month, day;

    if (strlen(text) != DATE_TEXT - 1 || text[4] != '-' || text[7] != '-')
        return false;
    year = read_digits(text, 4);
    month = read_digits(text + 5, 2);
    day = read_digits(text + 8, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *out = date_from_civil(year, month, day);
    return true;
}

const char *date_text(date_t day, char out[DATE_TEXT])
{
    int year, month, dom;

    out[0] = '\0';
    if (day < date_from_civil(0, 1, 1) || day > date_from_civil(9999, 12, 31))
        return out;
    date_to_civil(day, &year, &month, &dom);
    (void)snprintf(out, DATE_TEXT, "%04u-%02u-%02u", (unsigned)year % 10000U, (unsigned)month % 100U,
                   (unsigned)dom % 100U);
    return out;
}

date_t date_add_months(date_t day, int months)
{
    int year, month, dom, of_year, last;

    date_to_civil(day, &year, &month, &dom);
    of_year = month - 1 + months;
    year += floor_div(of_year, 12);
    month = of_year - floor_div(of_year, 12) * 12 + 1;
    last = month_days(year, month);
    return date_from_civil(year, month, dom < last ? dom : last);
}
