#include "common/provider/meta/meta_money.h"
#include <stddef.h>
#include <string.h>

int meta_money_digits(const char *currency)
{
    static const char *const whole[] = {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"};

    for (size_t i = 0; currency != NULL && i < sizeof whole / sizeof whole[0]; i++) {
        if (strcmp(whole[i], currency) == 0)
            return 0;
    }
    return 2;
}
