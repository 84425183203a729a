/* engine/kernels/simple_bytes.h: what operations of simple.h do with maps of bytes. */
#pragma once

#include "engine/kernels/simple_op.h"

void byte_copy(struct op *op, const struct map *in, const struct map *out);
void byte_nearest(struct op *op, const struct map *in, const struct map *out, int factor);
void byte_largest(struct op *op, const struct pool_shape *shape, const struct map *in, const struct map *out);
