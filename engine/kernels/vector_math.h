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

#if VECTOR_FLOATS == 16
/* 2^(j / 32) */
static const _Alignas(64) float exp_table[32] = {
    1.0F,        1.0218972F,  1.04427373F, 1.06714046F, 1.09050775F, 1.1143868F,  1.13878858F, 1.1637249F,
    1.18920708F, 1.21524739F, 1.24185777F, 1.26905096F, 1.29683959F, 1.32523668F, 1.35425556F, 1.38390994F,
    1.41421354F, 1.44518077F, 1.47682619F, 1.50916445F, 1.54221082F, 1.5759809F,  1.61049032F, 1.64575553F,
    1.68179286F, 1.71861935F, 1.75625217F, 1.79470909F, 1.8340081F,  1.87416768F, 1.91520655F, 1.95714414F,
};

/* exp(-x) of |x| <= 80, in half of the time of vec_exp(): 2^(n / 32 + r) with |r| <= 1 / 64; the powers of n
 * come from a table and the exponent, that of r from its series, which is 2e-7 off. */
static ALWAYS_INLINE vec vec_exp_of_minus(vec x)
{
    const vec magic = vec_all(393216.0F); /* 1.5 * 2^18: its lowest bit is 1 / 32 */
    const vec by = vec_all(-1.44269502F), rest = vec_all(-1.92596299e-8F); /* -log2(e) in two parts */
    vec       shifted = vec_fma(x, by, magic);
    vec       n = shifted - magic;
    vec       r = vec_fma(x, rest, vec_fma(x, by, -n));
    vec       power = _mm512_permutex2var_ps(vec_load(exp_table), (__m512i)shifted, vec_load(exp_table + 16));
    vec       series = vec_fma(r, vec_all(0.240226507F), vec_all(0.693147181F));
    return _mm512_scalef_ps(vec_fma(series, r * power, power), n);
}

/* 1 / (1 + exp(-x)) of |x| <= 80. 1 / sum is an estimate of 14 bits and a step of Newton's: a division takes
 * twice as long. */
static ALWAYS_INLINE vec vec_sigmoid_within_80(vec x)
{
    const vec sum = vec_all(1.0F) + vec_exp_of_minus(x);
    const vec estimate = _mm512_rcp14_ps(sum);
    const vec wanting = vec_fnma(sum, estimate, vec_all(1.0F));
    return vec_fma(wanting, estimate, estimate);
}

static ALWAYS_INLINE vec vec_sigmoid(vec x)
{
    return vec_sigmoid_within_80(vec_max(vec_all(-80.0F), vec_min(vec_all(80.0F), x)));
}

static ALWAYS_INLINE vec vec_silu(vec x)
{
    /* the smaller size, the sign of the first */
    return x * vec_sigmoid_within_80(_mm512_range_ps(x, vec_all(80.0F), 2));
}
#else
static ALWAYS_INLINE vec vec_sigmoid(vec x)
{
    return vec_all(1.0F) / (vec_all(1.0F) + vec_exp(-x));
}

static ALWAYS_INLINE vec vec_silu(vec x)
{
    return x / (vec_all(1.0F) + vec_exp(-x));
}
#endif

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
