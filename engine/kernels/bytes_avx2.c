/* The innermost loops of maps of bytes with vectors of AVX2. */
#define VECTOR_FLOATS 8
#include "engine/kernels/byte_kernels.h"

const struct byte_kernels byte_kernels_avx2 = {.name = "avx2", BYTE_KERNELS};
