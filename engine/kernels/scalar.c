/* The innermost loops with vectors of four floats, which every processor of our kinds has. */
#define VECTOR_FLOATS 4
#include "engine/kernels/block_kernels.h"
#include "engine/kernels/bytes.h"
#include "engine/kernels/depth_kernels.h"
#include "engine/kernels/tile_kernels.h"

const struct kernels kernels_scalar = {.name = "scalar",
                                       .vector = VECTOR_FLOATS,
                                       .bytes = &byte_kernels_scalar,
                                       BLOCK_KERNELS,
                                       DEPTH_KERNELS,
                                       TILE_KERNELS};
