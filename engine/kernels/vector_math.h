/* engine/kernels/vector_math.h: exponentials and the activations, on vectors. Errors are those of f32: a few
 * units in the last place of the result, or 2e-7 absolute where results are at most 1. */
#pragma once

#include "engine/kernels/op.h"
#include "engine/kernels/vector.h"

/* exp(x): 2^n exp(r) with |r| <= ln(2) / 2; the polynomial and the split of ln(2) are Cephes'. Under -87.3 it
 * stays at the smallest normal number, from 88.4 on it is infinite. */
static ALWAYS_INLINE vec vec_exp(vec x)
{
    const vec magic = vec_all(12582912.0F); /* 1.5 * 2^23: adding it rounds to an integer in the low bits */
    vec       t = vec_max(vec_all(-87.3F), vec_min(vec_all(89.0F), x));
    vec       shifted = vec_fma(t, vec_all(1.44269504F), magic);
    vec       n = shifted - magic;
    vec       r = vec_fnma(n, vec_all(-2.12194440e-4F), vec_fnma(n, vec_all(0.693359375F), t));
    vec       p = vec_all(1.9875691500e-4F);

    p = vec_fma(p, r, vec_all(1.3981999507e-3F));
    p = vec_fma(p, r, vec_all(8.3334519073e-3F));
    p = vec_fma(p, r, vec_all(4.1665795894e-2F));
    p = vec_fma(p, r, vec_all(1.6666665459e-1F));
    p = vec_fma(p, r, vec_all(5.0000001201e-1F));
    p = vec_fma(p * r, r, r) + vec_all(1.0F);
    /* the integer's bits, plus the bias of exponents, moved to where the exponent is: magic's own fall out */
    return p * (vec)(((vec_bits)shifted + 127U) << 23);
}

/* 1 / x of a finite x > 0, within a unit in the last place or two. Wide vectors are divided by an estimate of
 * 14 bits and a step of Newton's, in half of the time. */
static ALWAYS_INLINE vec vec_reciprocal(vec x)
{
#if VECTOR_FLOATS == 16
    const vec estimate = _mm512_rcp14_ps(x);
    return vec_fma(vec_fnma(x, estimate, vec_all(1.0F)), estimate, estimate);
#else
    return vec_all(1.0F) / x;
#endif
}

/* From where on exp(-x) is as good as infinite: 1e35, whose reciprocal is still a normal number. */
static ALWAYS_INLINE vec vec_sigmoid(vec x)
{
    return vec_reciprocal(vec_all(1.0F) + vec_exp(vec_min(vec_all(80.0F), -x)));
}

static ALWAYS_INLINE vec vec_silu(vec x)
{
    return x * vec_sigmoid(x);
}

static ALWAYS_INLINE vec vec_clamp(vec x, vec low, vec high)
{
    return vec_max(low, vec_min(high, x));
}

static ALWAYS_INLINE vec vec_tanh(vec x)
{
    return vec_all(1.0F) - vec_all(2.0F) / (vec_exp(x + x) + vec_all(1.0F));
}

/* Where x is negative `slope` times it, else x itself. */
static ALWAYS_INLINE vec vec_leaky(vec x, vec slope)
{
    return vec_fma(slope, vec_min(vec_all(0.0F), x), vec_max(vec_all(0.0F), x));
}

static ALWAYS_INLINE vec vec_abs(vec x)
{
    return (vec)((vec_bits)x & 0x7FFFFFFFU);
}

/* erf(x) by Abramowitz and Stegun 7.1.26: within 1.5e-7. */
static ALWAYS_INLINE vec vec_erf(vec x)
{
    vec size = vec_abs(x);
    vec t = vec_all(1.0F) / vec_fma(vec_all(0.3275911F), size, vec_all(1.0F));
    vec p = vec_all(1.061405429F);

    p = vec_fma(p, t, vec_all(-1.453152027F));
    p = vec_fma(p, t, vec_all(1.421413741F));
    p = vec_fma(p, t, vec_all(-0.284496736F));
    p = vec_fma(p, t, vec_all(0.254829592F));
    p = vec_fnma(p * t, vec_exp(-size * size), vec_all(1.0F));
    return (vec)((vec_bits)p | ((vec_bits)x & 0x80000000U));
}

/* x tanh(log(1 + e^x)) = x (u u + 2 u) / (u u + 2 u + 2) with u = e^x; from 20 on it is x. */
static ALWAYS_INLINE vec vec_mish(vec x)
{
    vec u = vec_exp(vec_min(vec_all(20.0F), x));
    vec v = vec_fma(u, u, u + u);
    return x * (v / (v + vec_all(2.0F)));
}

/* `count` vectors, in place; the switch is outside of the loops. PRELU has its slopes elsewhere, and is not
 * here. */
static NEVER_INLINE void vec_activate(vec *values, int count, const struct activation *activation)
{
    const vec a = vec_all(activation->a), b = vec_all(activation->b);
    const vec zero = vec_all(0.0F), one = vec_all(1.0F), half = vec_all(0.5F);

#define EACH(result)                                                                                         \
    for (int i = 0; i < count; i++) {                                                                        \
        vec x = values[i];                                                                                   \
        values[i] = (result);                                                                                \
    }                                                                                                        \
    return

    switch (activation->kind) {
    case ACTIVATION_CLAMP:
        EACH(vec_clamp(x, a, b));
    case ACTIVATION_LEAKY:
        EACH(vec_leaky(x, a));
    case ACTIVATION_SILU:
        EACH(vec_silu(x));
    case ACTIVATION_SIGMOID:
        EACH(vec_sigmoid(x));
    case ACTIVATION_HARD_SIGMOID:
        EACH(vec_clamp(vec_fma(a, x, b), zero, one));
    case ACTIVATION_HARD_SWISH:
        EACH(x * vec_clamp(vec_fma(x, vec_all(1.0F / 6.0F), half), zero, one));
    case ACTIVATION_TANH:
        EACH(vec_tanh(x));
    case ACTIVATION_ELU:
        EACH(vec_fma(a, vec_exp(vec_min(zero, x)) - one, vec_max(zero, x)));
    case ACTIVATION_GELU:
        EACH(half * x * (one + vec_erf(x * vec_all(0.70710678F))));
    case ACTIVATION_MISH:
        EACH(vec_mish(x));
    case ACTIVATION_EXP:
        EACH(vec_exp(x));
    case ACTIVATION_SQRT:
        EACH(vec_sqrt(x));
    case ACTIVATION_ABS:
        EACH(vec_abs(x));
    case ACTIVATION_NONE:
    case ACTIVATION_PRELU:
    case ACTIVATION_KINDS:
        return;
    }
#undef EACH
}
