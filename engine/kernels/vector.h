/* engine/kernels/vector.h: a vector of floats, VECTOR_FLOATS wide, for the innermost loops. Those are written
 * once in these words and compiled for each set of vector instructions (scalar.c, avx2.c, avx512.c define
 * VECTOR_FLOATS). Arithmetic is the compiler's own (+, -, *, /); what it has no operator for is here. */
#pragma once

#include "engine/kernels/map.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if VECTOR_FLOATS > 4 || defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NEVER_INLINE  __attribute__((noinline))

/* Loops of few and constant turns, whose variables are registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

typedef float    vec __attribute__((vector_size(4 * VECTOR_FLOATS)));
typedef uint32_t vec_bits __attribute__((vector_size(4 * VECTOR_FLOATS)));

/* GCC likes to read a vector from memory again at each of its uses, which makes loads the limit: a pinned one
 * stays in its register. */
#if defined(__x86_64__)
#define VEC_PIN(v) __asm__("" : "+v"(v))
#elif defined(__ARM_NEON)
#define VEC_PIN(v) __asm__("" : "+w"(v))
#else
#define VEC_PIN(v) (void)(v)
#endif

static ALWAYS_INLINE vec vec_load(const float *from)
{
    vec v;
    memcpy(&v, from, sizeof(v));
    return v;
}

static ALWAYS_INLINE void vec_store(float *to, vec v)
{
    memcpy(to, &v, sizeof(v));
}

/* vec_min(a, b) is b where one of them is not a number, and so is vec_max: limits go first. */
#if VECTOR_FLOATS == 16
#define VEC_OF(kind) _mm512_##kind
#elif VECTOR_FLOATS == 8
#define VEC_OF(kind) _mm256_##kind
#elif defined(__SSE2__)
#define VEC_OF(kind) _mm_##kind
#endif

#if defined(VEC_OF)
static ALWAYS_INLINE vec vec_all(float x)
{
    return VEC_OF(set1_ps)(x);
}

static ALWAYS_INLINE vec vec_min(vec a, vec b)
{
    return VEC_OF(min_ps)(a, b);
}

static ALWAYS_INLINE vec vec_max(vec a, vec b)
{
    return VEC_OF(max_ps)(a, b);
}

static ALWAYS_INLINE vec vec_sqrt(vec a)
{
    return VEC_OF(sqrt_ps)(a);
}
#else
static ALWAYS_INLINE vec vec_all(float x)
{
    return (vec){x, x, x, x};
}

static ALWAYS_INLINE vec vec_pick(vec_bits mask, vec yes, vec no)
{
    return (vec)((mask & (vec_bits)yes) | (~mask & (vec_bits)no));
}

static ALWAYS_INLINE vec vec_min(vec a, vec b)
{
    return vec_pick((vec_bits)(a < b), a, b);
}

static ALWAYS_INLINE vec vec_max(vec a, vec b)
{
    return vec_pick((vec_bits)(a > b), a, b);
}

static ALWAYS_INLINE vec vec_sqrt(vec a)
{
    return (vec){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])};
}
#endif

/* a * b + c and c - a * b: in one rounding where the level has that (all x86 levels but the lowest, and ARM),
 * always in two where it hasn't. */
#if VECTOR_FLOATS > 4
static ALWAYS_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return VEC_OF(fmadd_ps)(a, b, c);
}

static ALWAYS_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return VEC_OF(fnmadd_ps)(a, b, c);
}
#elif defined(__aarch64__)
static ALWAYS_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

static ALWAYS_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return vfmsq_f32(c, a, b);
}
#else
static ALWAYS_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return a * b + c;
}

static ALWAYS_INLINE vec vec_fnma(vec a, vec b, vec c)
{
    return c - a * b;
}
#endif

/* The last vector of a map's channels may have only half of its floats: MAP_GRAIN of them. Only vectors wider
 * than the grain are ever cut. */
#if VECTOR_FLOATS > 8
typedef __mmask16 vec_mask;

static ALWAYS_INLINE vec_mask vec_mask_of(int floats) /* all from VECTOR_FLOATS on */
{
    return (vec_mask)(floats >= VECTOR_FLOATS ? 0xFFFFU : (1U << floats) - 1U);
}

static ALWAYS_INLINE vec vec_load_part(const float *from, vec_mask mask)
{
    return _mm512_maskz_loadu_ps(mask, from);
}

static ALWAYS_INLINE void vec_store_part(float *to, vec v, vec_mask mask)
{
    _mm512_mask_storeu_ps(to, mask, v);
}
#else
typedef int vec_mask;

static ALWAYS_INLINE vec_mask vec_mask_of(int floats)
{
    return floats;
}

static ALWAYS_INLINE vec vec_load_part(const float *from, vec_mask mask)
{
    (void)mask;
    return vec_load(from);
}

static ALWAYS_INLINE void vec_store_part(float *to, vec v, vec_mask mask)
{
    (void)mask;
    vec_store(to, v);
}
#endif
