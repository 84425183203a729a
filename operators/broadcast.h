/* operators/broadcast.h: goes through tensors of different shapes together, as NumPy broadcasts them, in runs
 * as long as the shapes allow: one for equal shapes or a scalar, one a channel for a factor per channel. */
#pragma once

#include "operators/call.h"

enum { BROADCAST_INPUTS = 3 };

/* Adjacent axes that all inputs go through alike are one; sides of 1 are none. */
struct broadcast {
    int     inputs, dims;
    int64_t shape[BSR_MAX_DIMS];
    int64_t steps[BROADCAST_INPUTS][BSR_MAX_DIMS]; /* elements per step of an axis; 0: broadcast along it */
};

/* Plans the way through all elements of `out`, with inputs whose shapes broadcast to that of `out`. */
void broadcast_plan(struct broadcast *plan, const struct bsr_tensor *out,
                    const struct bsr_tensor *const *inputs, int count);

/* Is called for each run, in the order of the elements of `out`: `count` elements of it from element `at` on.
 * Those of input n begin at its element from[n] and are step[n] (0 or 1) apart. */
typedef void broadcast_run(void *context, size_t at, const size_t *from, const size_t *step, size_t count);
void         broadcast_each(const struct broadcast *plan, broadcast_run *run, void *context);
