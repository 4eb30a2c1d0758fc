#include "common/base/decimal.h"
#include "common/base/check.h"
#include <stdint.h>

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

static i128 power10(int exponent)
{
    i128 power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

bool decimal_parse(const char *text, struct decimal *out)
{
    bool negative = *text == '-', point = false;
    i128 units = 0;
    int scale = 0, digits = 0;

    if (*text == '-' || *text == '+')
        text++;
    for (; *text != '\0'; text++) {
        int digit = *text - '0';

        if (*text == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (digit < 0 || digit > 9 || (point && ++scale > DECIMAL_SCALE_MAX))
            return false;
        if (__builtin_mul_overflow(units, 10, &units) ||
            __builtin_add_overflow(units, negative ? -digit : digit, &units))
            return false;
        digits++;
    }
    if (digits == 0 || (point && scale == 0))
        return false;
    *out = (struct decimal){.units = units, .scale = scale};
    return true;
}

/* Nearly all do, and 128 bits are divided ten times as slowly. */
static bool fits(i128 units)
{
    return units == (int64_t)units;
}

static struct decimal shortest(const struct decimal *d)
{
    struct decimal r = *d;

    CHECK(d->scale >= 0 && d->scale <= DECIMAL_SCALE_MAX);
    while (r.scale > 0 && !fits(r.units) && r.units % 10 == 0) {
        r.units /= 10;
        r.scale--;
    }
    if (!fits(r.units))
        return r;
    int64_t units = (int64_t)r.units;
    for (; r.scale > 0 && units % 10 == 0; r.scale--)
        units /= 10;
    r.units = units;
    return r;
}

bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *out)
{
    struct decimal x = shortest(a), y = shortest(b);
    int scale = x.scale > y.scale ? x.scale : y.scale;
    i128 sum;

    if (__builtin_mul_overflow(x.units, power10(scale - x.scale), &x.units) ||
        __builtin_mul_overflow(y.units, power10(scale - y.scale), &y.units) ||
        __builtin_add_overflow(x.units, y.units, &sum))
        return false;
    *out = (struct decimal){.units = sum, .scale = scale};
    return true;
}

int decimal_cmp(const struct decimal *a, const struct decimal *b)
{
    /* whole and fractional parts apart: bringing both to one scale could overflow */
    i128 whole_a = a->units / power10(a->scale), whole_b = b->units / power10(b->scale);
    i128 part_a = a->units % power10(a->scale) * power10(DECIMAL_SCALE_MAX - a->scale);
    i128 part_b = b->units % power10(b->scale) * power10(DECIMAL_SCALE_MAX - b->scale);

    if (whole_a != whole_b)
        return whole_a < whole_b ? -1 : 1;
    return (part_a > part_b) - (part_a < part_b);
}

static int take_digit(u128 *left)
{
    const bool small = *left <= UINT64_MAX;
    const int digit = small ? (int)((uint64_t)*left % 10) : (int)(*left % 10);

    *left = small ? (uint64_t)*left / 10 : *left / 10;
    return digit;
}

const char *decimal_text(const struct decimal *d, char out[DECIMAL_TEXT])
{
    struct decimal s = shortest(d);
    u128 left = s.units < 0 ? -(u128)s.units : (u128)s.units;
    char reversed[DECIMAL_TEXT];
    size_t count = 0, at = 0;

    for (int written = 0; left > 0 || written <= s.scale; written++) {
        if (written == s.scale && s.scale > 0)
            reversed[count++] = '.';
        reversed[count++] = (char)('0' + take_digit(&left));
    }
    if (s.units < 0)
        out[at++] = '-';
    while (count > 0)
        out[at++] = reversed[--count];
    out[at] = '\0';
    return out;
}

bool decimal_from_minor(const char *text, int offset_digits, struct decimal *out)
{
    struct decimal minor;

    CHECK(offset_digits >= 0 && offset_digits <= DECIMAL_SCALE_MAX);
    if (strchr(text, '.') != NULL || !decimal_parse(text, &minor))
        return false;
    *out = (struct decimal){.units = minor.units, .scale = offset_digits};
    return true;
}
