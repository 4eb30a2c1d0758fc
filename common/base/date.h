#pragma once
#include <stdbool.h>
#include <stdint.h>
/* Calendar days without a zone: days since 1970-01-01 in the proleptic Gregorian calendar. */
typedef int32_t date_t;
#define DATE_NONE INT32_MIN
#define DATE_TEXT 11 /* "2026-11-22" with NUL */

bool date_parse(const char *text, date_t *out); /* exactly YYYY-MM-DD, a day that exists, years 1970 to 9999 */
const char *date_text(date_t day,
                      char out[DATE_TEXT]); /* returns out; "" for DATE_NONE and outside the years 0000 to 9999 */
date_t date_from_civil(int year, int month, int day);
void date_to_civil(date_t day, int *year, int *month, int *dom);
date_t date_add_months(date_t day, int months); /* clamped to the month's last day: 03-31 minus 1 month = 02-28 */
