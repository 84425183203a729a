/* pipeline/difference.h: how far two tensors that should be the same are apart. */
#pragma once

#include "base/tensor.h"

#include <stdbool.h>

/* |a - b| <= absolute + relative * |b| is no difference (as numpy.allclose has it). Neither is negative. */
struct tolerance {
    double absolute, relative;
};

struct difference {
    size_t count;         /* pairs of numbers */
    size_t beyond;        /* pairs that are further apart than is allowed */
    size_t not_finite[2]; /* NaN and infinities in A, in B */
    double largest, mean; /* of |a - b|, over the pairs in which both are finite */
    double square;        /* mean of (a - b)^2, over the same pairs */
    double cosine;        /* of the angle between the two; 1 where both are zero */
    double excess;        /* largest of |a - b| / what is allowed: 1 is just allowed; infinite where a
                             NaN or an infinity stands against something else */
    bool shapes_differ;   /* nothing was compared then */
};

/* Compares numbers of any types. NaN is the same as NaN, an infinity the same as itself. */
struct difference difference_of(const struct bsr_tensor *a, const struct bsr_tensor *b,
                                const struct tolerance *allowed);

/* Whether the two are apart: another shape, or a pair that is beyond. */
bool difference_parts(const struct difference *difference);
