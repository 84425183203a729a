/* The innermost loops of maps of bytes with vectors of AVX-512, for processors without VNNI. */
#define VECTOR_FLOATS 16
#include "engine/kernels/byte_kernels.h"

const struct byte_kernels byte_kernels_avx512 = {.name = "avx512", BYTE_KERNELS};
