/* The innermost loops of simple operations with vectors of AVX-512. */
#define VECTOR_FLOATS 16
#include "engine/kernels/line_kernels.h"
#include "engine/kernels/move_kernels.h"
#include "engine/kernels/window_kernels.h"

const struct line_kernels line_kernels_avx512 = {LINE_KERNELS, MOVE_KERNELS, WINDOW_KERNELS};
