/* tests/preprocess/fixture.h: noise, random numbers, and buffers with guards round them. */
#pragma once

#include "base/alloc.h"
#include "base/cpu.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static inline uint32_t next_random(uint32_t *state)
{
    return *state = *state * 1664525U + 1013904223U; /* Numerical Recipes; the high bits are the good ones */
}

/* first..last */
static inline int random_between(uint32_t *state, int first, int last)
{
    return first + (int)(((uint64_t)next_random(state) * (uint64_t)(last - first + 1)) >> 32);
}

/* The bytes of noise() in make_golden.py. */
static inline void noise_fill(uint8_t *data, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++)
        data[i] = (uint8_t)(next_random(&seed) >> 24);
}

/* A block of `size` bytes that begins `shift` bytes (0..63) off a cache line and has GUARD bytes before and
 * behind it that nothing may touch. */
enum { GUARD = 128, GUARD_BYTE = 0xA5 };

struct guarded {
    uint8_t *block;
    uint8_t *data;
    size_t   size, all;
};

static inline struct guarded guarded_make(size_t size, size_t shift)
{
    struct guarded made = {.size = size, .all = GUARD + shift + size + GUARD};
    made.block = mem_alloc_aligned(made.all, 1);
    assert_non_null(made.block);
    memset(made.block, GUARD_BYTE, made.all);
    made.data = made.block + GUARD + shift;
    return made;
}

static inline void guarded_check(const struct guarded *guarded)
{
    for (const uint8_t *at = guarded->block; at < guarded->data; at++)
        assert_int_equal(*at, GUARD_BYTE);
    for (const uint8_t *at = guarded->data + guarded->size; at < guarded->block + guarded->all; at++)
        assert_int_equal(*at, GUARD_BYTE);
}

static inline void guarded_free(struct guarded *guarded)
{
    mem_free(guarded->block);
}
