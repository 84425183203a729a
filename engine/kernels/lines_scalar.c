/* The innermost loops of simple operations with vectors of four floats, which every processor of our kinds
 * has. */
#define VECTOR_FLOATS 4
#include "engine/kernels/line_kernels.h"
#include "engine/kernels/move_kernels.h"
#include "engine/kernels/window_kernels.h"

const struct line_kernels line_kernels_scalar = {LINE_KERNELS, MOVE_KERNELS, WINDOW_KERNELS};
