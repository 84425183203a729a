#include "operators/fold.h"

#include <math.h>

/* Rows of sums that don't wait for each other. */
enum { LANES = 8 };

/* X(name here, start, value of `v` (with `s`, the shift), sum of `a` and `m`) */
#define REAL_FOLD_LIST(X)                                                                                    \
    X(sum, 0.0, v, a + m)                                                                                    \
    X(product, 1.0, v, (a * m))                                                                              \
    X(absolute, 0.0, fabs(v), a + m)                                                                         \
    X(square, 0.0, (v * v), a + m)                                                                           \
    X(exponential, 0.0, exp(v - s), a + m)                                                                   \
    X(most, -INFINITY, v, m > a || isnan(m) ? m : a)                                                         \
    X(least, INFINITY, v, m < a || isnan(m) ? m : a)

#define REAL_FOLD(id, start, value, combine)                                                                 \
    static inline double id##_value(double v, double s)                                                      \
    {                                                                                                        \
        (void)s;                                                                                             \
        return value;                                                                                        \
    }                                                                                                        \
    static inline double id##_combine(double a, double m)                                                    \
    {                                                                                                        \
        return combine;                                                                                      \
    }                                                                                                        \
    void fold_##id(double *sums, const double *shifts, size_t step, const double *in, size_t count)          \
    {                                                                                                        \
        double lanes[LANES];                                                                                 \
        size_t i = 0;                                                                                        \
        if (step) {                                                                                          \
            for (; i < count; i++)                                                                           \
                sums[i] = id##_combine(sums[i], id##_value(in[i], shifts[i]));                               \
            return;                                                                                          \
        }                                                                                                    \
        for (int lane = 0; lane < LANES; lane++)                                                             \
            lanes[lane] = start;                                                                             \
        for (; i + LANES <= count; i += LANES)                                                               \
            for (int lane = 0; lane < LANES; lane++)                                                         \
                lanes[lane] = id##_combine(lanes[lane], id##_value(in[i + (size_t)lane], *shifts));          \
        for (; i < count; i++)                                                                               \
            lanes[0] = id##_combine(lanes[0], id##_value(in[i], *shifts));                                   \
        for (int lane = 0; lane < LANES; lane++)                                                             \
            *sums = id##_combine(*sums, lanes[lane]);                                                        \
    }
REAL_FOLD_LIST(REAL_FOLD)

/* X(name here, sum of `a` and `v`): both are the 64 bits of a signed number, or of an unsigned one. */
#define WHOLE_FOLD_LIST(X)                                                                                   \
    X(sum, a + v)                                                                                            \
    X(product, (a * v))                                                                                      \
    X(absolute, a + ((int64_t)v < 0 ? 0 - v : v))                                                            \
    X(square, a + (v * v))                                                                                   \
    X(most, (int64_t)v > (int64_t)a ? v : a)                                                                 \
    X(most_u64, v > a ? v : a)                                                                               \
    X(least, (int64_t)v < (int64_t)a ? v : a)                                                                \
    X(least_u64, v < a ? v : a)

#define WHOLE_FOLD(id, combine)                                                                              \
    void whole_##id(uint64_t *sums, size_t step, const uint64_t *in, size_t count)                           \
    {                                                                                                        \
        for (size_t i = 0; i < count; i++) {                                                                 \
            uint64_t a = sums[i * step], v = in[i];                                                          \
            sums[i * step] = combine;                                                                        \
        }                                                                                                    \
    }
WHOLE_FOLD_LIST(WHOLE_FOLD)
