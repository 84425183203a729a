/* Numbers that are the same on every machine. */
#pragma once

#include <stdint.h>

/* xorshift64* (Vigna 2016). The state is not 0. */
static inline uint64_t random_bits(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717ULL;
}

/* 0 .. below - 1 */
static inline unsigned random_below(uint64_t *state, unsigned below)
{
    return (unsigned)((random_bits(state) >> 32) % below);
}

/* least <= number < most */
static inline float random_between(uint64_t *state, float least, float most)
{
    return least + (most - least) * (float)(random_bits(state) >> 40) * 0x1p-24F;
}
