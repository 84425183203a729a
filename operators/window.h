/* operators/window.h: where the windows of convolutions and pools lie. */
#pragma once

#include "operators/call.h"

/* Always three spatial axes: what the tensor lacks in front is 1. An element of the input that window `o` of
 * an axis reads with its tap `k` is o * stride + k * dilation - before. All sides are below 2^31, strides and
 * dilations at least 1, pads at least 0, out at least 1. */
enum { WINDOW_AXES = 3 };
struct window {
    int     axes; /* those that the tensor has: 1..3 */
    int64_t in[WINDOW_AXES], out[WINDOW_AXES], kernel[WINDOW_AXES], stride[WINDOW_AXES],
        dilation[WINDOW_AXES], before[WINDOW_AXES], after[WINDOW_AXES];
};

/* Reads kernel_shape, strides, dilations, pads, auto_pad and, with `is_pool`, ceil_mode of a node whose input
 * is x = [N][C][sides...]. `kernel` (may be NULL) are the sides that the weights have; kernel_shape may then
 * be left out, and must agree. BSR_EMODEL when something is out of range or the window is larger than the
 * padded input. */
bsr_status window_read(struct window *out, const struct bsr_node *node, const struct bsr_tensor *x,
                       const int64_t *kernel, bool is_pool, struct bsr_error *err);

/* The same without sizes of the output, pads as they stand in the node: for transposed convolutions. */
bsr_status window_read_sides(struct window *out, const struct bsr_node *node, const struct bsr_tensor *x,
                             const int64_t *kernel, struct bsr_error *err);

/* Sets `out`, and with auto_pad the pads, from the rest. */
bsr_status window_fit(struct window *window, const char *auto_pad, bool ceil_mode, struct bsr_error *err);

/* "NOTSET", "SAME_UPPER", "SAME_LOWER" or "VALID"; NULL and an error for anything else. */
const char *window_auto_pad(const struct bsr_node *node, struct bsr_error *err);

/* Refuses sides that are not 0..2^31-1, a tensor that is not [N][C] and 1 to 3 sides, and lists of attributes
 * that are not as long as there are sides (2 * sides for pads). */
bsr_status window_read_list(int64_t *values, const struct bsr_node *node, const char *name, int length,
                            int64_t least, int64_t otherwise, struct bsr_error *err);

/* Positions of the input, windows, taps: products of the three sides. */
size_t window_in_count(const struct window *window);
size_t window_out_count(const struct window *window);
size_t window_kernel_count(const struct window *window);

/* The taps first..last-1 of window `o` on an axis that lie inside the input. */
void window_taps(const struct window *window, int axis, int64_t o, int64_t *first, int64_t *last);

/* Output shape [batch][channels][out...] of as many sides as the input has. */
bsr_status window_set_output(const struct bsr_call *call, const struct window *window, int type,
                             int64_t batch, int64_t channels, struct bsr_error *err);

/* How many columns of `depth` elements of `size` bytes are to be worked on at a time, of `columns`: some 256
 * KB, but vectors long enough to be worth it, and never more than 64 MB. */
size_t window_columns(size_t depth, size_t size, size_t columns);

/* The matrix of what the windows see: dst[channels * taps][count] for the windows first..first+count-1 of `x`
 * ([channels][in...], elements of `size` bytes, 4 or 8); taps outside are 0. */
void window_unfold(void *dst, const struct window *window, const void *x, size_t channels, size_t size,
                   size_t first, size_t count);

/* The reverse: adds src[channels * taps][count] to the elements of x that the windows would have seen. `type`
 * is BSR_F32 or BSR_F64. */
void window_fold(void *x, const struct window *window, const void *src, size_t channels, int type,
                 size_t first, size_t count);
