/* The innermost loops with vectors of AVX2 with FMA. */
#define VECTOR_FLOATS 8
#include "engine/kernels/block_kernels.h"
#include "engine/kernels/bytes.h"
#include "engine/kernels/depth_kernels.h"
#include "engine/kernels/tile_kernels.h"

const struct kernels kernels_avx2 = {.name = "avx2",
                                     .vector = VECTOR_FLOATS,
                                     .bytes = &byte_kernels_avx2,
                                     BLOCK_KERNELS,
                                     DEPTH_KERNELS,
                                     TILE_KERNELS};
