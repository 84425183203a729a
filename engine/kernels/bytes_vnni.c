/* The innermost loops of maps of bytes with vectors of AVX-512 and its VNNI: four products a lane at once. */
#define VECTOR_FLOATS 16
#define BYTE_DOT
#include "engine/kernels/byte_kernels.h"

const struct byte_kernels byte_kernels_vnni = {.name = "avx512 vnni", BYTE_KERNELS};
