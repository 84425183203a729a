/* The innermost loops with vectors of AVX-512. */
#define VECTOR_FLOATS 16
#include "engine/kernels/block_kernels.h"
#include "engine/kernels/bytes.h"
#include "engine/kernels/depth_kernels.h"
#include "engine/kernels/tile_kernels.h"

const struct kernels kernels_avx512 = {.name = "avx512",
                                       .vector = VECTOR_FLOATS,
                                       .bytes = &byte_kernels_avx512,
                                       BLOCK_KERNELS,
                                       DEPTH_KERNELS,
                                       TILE_KERNELS};
