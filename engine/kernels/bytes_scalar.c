/* The innermost loops of maps of bytes with vectors of four floats, which every processor of our kinds has.
 */
#define VECTOR_FLOATS 4
#include "engine/kernels/byte_kernels.h"

const struct byte_kernels byte_kernels_scalar = {.name = "scalar", BYTE_KERNELS};
