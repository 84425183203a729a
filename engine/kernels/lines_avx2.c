/* The innermost loops of simple operations with vectors of AVX2 with FMA. */
#define VECTOR_FLOATS 8
#include "engine/kernels/line_kernels.h"
#include "engine/kernels/move_kernels.h"
#include "engine/kernels/window_kernels.h"

const struct line_kernels line_kernels_avx2 = {LINE_KERNELS, MOVE_KERNELS, WINDOW_KERNELS};
