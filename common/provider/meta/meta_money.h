#pragma once
/* Digits behind the point of an amount: 0 or 2, by Meta's own table of currencies (not that of ISO 4217). NULL: 2. */
int meta_money_digits(const char *currency);
