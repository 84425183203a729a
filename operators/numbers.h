/* operators/numbers.h: comparing, combining and sorting elements of any type. */
#pragma once

#include "operators/call.h"

/* Below, at or above 0 as element i of `a` is before, with or behind element j of `b`, which is of the same
 * type. NaN is behind all numbers. */
int number_compare(const struct bsr_tensor *a, size_t i, const struct bsr_tensor *b, size_t j);

/* What becomes of an element and another one that is put in its place. */
enum reduction { REDUCTION_NONE, REDUCTION_ADD, REDUCTION_MUL, REDUCTION_MIN, REDUCTION_MAX };

/* "none", "add", "mul", "min", "max"; BSR_EMODEL for other names. */
bsr_status number_reduction(enum reduction *out, const char *name, struct bsr_error *err);

/* Element i of `to` becomes what `reduction` makes of it and element j of `from`, which is of the same type.
 * Integers wrap around; NaN stays NaN; bools add as "or" and multiply as "and". */
void number_combine(struct bsr_tensor *to, size_t i, const struct bsr_tensor *from, size_t j,
                    enum reduction reduction);

/* Element i of a whole type as 64 bits (sign-extended), and back: the lowest bits, so that sums wrap around.
 */
uint64_t number_get_bits(const struct bsr_tensor *tensor, size_t i);
void     number_set_bits(struct bsr_tensor *tensor, size_t i, uint64_t bits);

/* Sorts items, keeping the order of equal ones. compare() is as for qsort(). BSR_ENOMEM. */
typedef int number_order(const void *context, size_t a, size_t b);
bsr_status  number_sort(size_t *items, size_t count, number_order *compare, const void *context,
                        struct bsr_error *err);

/* The only element of an optional input, or `otherwise` when it is left out. bsr_needs_values(); BSR_EMODEL
 * when it is not one number (number_int: of a whole type). */
bsr_status number_int(int64_t *out, const struct bsr_call *call, int input, int64_t otherwise,
                      struct bsr_error *err);
bsr_status number_real(double *out, const struct bsr_call *call, int input, double otherwise,
                       struct bsr_error *err);
