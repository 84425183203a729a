/* operators/fold.h: what reductions do with a run of elements. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Folds `count` elements into sums[0], or one each into sums[0..count-1] when `step` is 1. `shifts` goes
 * along with the sums; fold_exponential() subtracts it. */
typedef void fold_real(double *sums, const double *shifts, size_t step, const double *in, size_t count);
fold_real    fold_sum, fold_product, fold_absolute, fold_square, fold_exponential, fold_most, fold_least;

/* The same of 64 bits: signed numbers, or (_u64) unsigned ones. Sums wrap round. */
typedef void fold_whole(uint64_t *sums, size_t step, const uint64_t *in, size_t count);
fold_whole   whole_sum, whole_product, whole_absolute, whole_square, whole_most, whole_most_u64, whole_least,
    whole_least_u64;
