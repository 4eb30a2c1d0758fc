#include "common/base/check.h"
#include "common/base/date.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* So many months away, on the same day of the month or on the last one. */
static void check_months(date_t day, int months)
{
    int year, month, dom, new_year, new_month, new_dom;

    date_to_civil(day, &year, &month, &dom);
    date_to_civil(date_add_months(day, months), &new_year, &new_month, &new_dom);
    CHECK(new_year * 12 + new_month == year * 12 + month + months);
    CHECK(new_dom == dom || (new_dom < dom && new_dom >= 28));
}

/* The input is one date: what is taken is written back to the letter, and its neighbours are a day away. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), written[DATE_TEXT];
    int year, month, dom;
    date_t day;

    CHECK(text != NULL);
    if (date_parse(text, &day)) {
        CHECK(strcmp(date_text(day, written), text) == 0);
        date_to_civil(day, &year, &month, &dom);
        CHECK(year >= 1970 && month >= 1 && month <= 12 && dom >= 1 && dom <= 31);
        CHECK(date_from_civil(year, month, dom) == day);
        check_months(day, 37);
        check_months(day, -37);
    }
    free(text);
    return 0;
}
