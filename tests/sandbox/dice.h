#pragma once
#include <stdbool.h>
#include <stdint.h>
/* Everything random in the sandbox is a pure function of a key and a number, so that a seed gives the same world
 * whatever is asked first. */
static inline uint64_t dice_roll(uint64_t key, uint64_t n)
{
    uint64_t z = key + (n + 1) * 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number from lo to hi, both included. */
static inline int64_t dice_between(uint64_t roll, int64_t lo, int64_t hi)
{
    return lo + (int64_t)((roll >> 8) % (uint64_t)(hi - lo + 1));
}

static inline bool dice_permille(uint64_t roll, int permille)
{
    return dice_between(roll, 0, 999) < permille;
}
