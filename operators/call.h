/* operators/call.h: what operators have in common: checks of their inputs, broadcasting, axes. */
#pragma once

#include "operators/node.h"

#include <stdbool.h>

/* bsr_operator_fail() and bsr_needs_values() whose results the compiler and the analyzers see to be failures.
 */
#define call_refuse(...)       (bsr_operator_fail(__VA_ARGS__), BSR_EMODEL)
#define call_needs_values(err) (bsr_needs_values(err), BSR_EVALUES)

/* The n-th input, or NULL when it is left out. */
const struct bsr_tensor *call_input(const struct bsr_call *call, int n);

/* BSR_EMODEL unless there are least..most inputs, the first `least` of them given, and at least one output.
 */
bsr_status call_expect(const struct bsr_call *call, int least, int most, struct bsr_error *err);

/* Sets output n to `type` and the shape of `like`. */
void call_set_like(const struct bsr_call *call, int n, int type, const struct bsr_tensor *like);

/* Sets output n to `type` and the shape given. BSR_EMODEL over BSR_MAX_DIMS. */
bsr_status call_set(const struct bsr_call *call, int n, int type, int dims, const int64_t *shape,
                    struct bsr_error *err);

/* -rank..rank-1 to 0..rank-1. BSR_EMODEL when out of range. */
bsr_status call_axis(int *axis, int64_t value, int rank, struct bsr_error *err);

/* NumPy's broadcasting of the shapes into *out (data and type are left as they are). BSR_EMODEL when they
 * don't fit. */
bsr_status call_broadcast(struct bsr_tensor *out, const struct bsr_tensor *a, const struct bsr_tensor *b,
                          struct bsr_error *err);

/* Whole numbers from a small 1-D (or scalar) integer input: *count of them, at most `capacity`.
 * bsr_needs_values() when its data is not there; BSR_EMODEL when it is no such tensor or longer. */
bsr_status call_ints(int64_t *values, int *count, int capacity, const struct bsr_tensor *tensor,
                     struct bsr_error *err);

/* Elements per step of each axis: strides[dims - 1] is 1. */
void call_strides(int64_t *strides, const struct bsr_tensor *tensor);
