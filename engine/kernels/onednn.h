/* engine/kernels/onednn.h: convolutions in bf16 by oneDNN (versions 2 and 3), of some whole rows of outputs,
 * by the thread that calls. Where besra is built without the library, none can be made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct onednn_shape {
    int       inputs, outputs;                   /* channels */
    int       kernel[2], stride[2], dilation[2]; /* y, x */
    int       rows, width;                       /* of the output; the input has all that its windows see */
    ptrdiff_t pixel, row;                        /* floats from a pixel, a row of the input to the next one */
};

struct onednn_conv;

/* Whether the library is there. */
bool onednn_is_there(void);

/* False where the library has no code of its own for it on this processor. Release with onednn_free(). */
bool onednn_make(struct onednn_conv **out, const struct onednn_shape *shape);
void onednn_free(struct onednn_conv *conv);

/* Bytes of the weights as this convolution takes them, and whether another one takes them the same way. */
size_t onednn_weight_bytes(const struct onednn_conv *conv);
bool   onednn_weights_match(const struct onednn_conv *conv, const struct onednn_conv *other);

/* Bytes that a run needs, beside the outputs. */
size_t onednn_scratch_bytes(const struct onednn_conv *conv);

/* [outputs][inputs][y][x] rounded to bf16, as the convolution takes them; `to` is aligned to 64 bytes. */
bool onednn_pack(const struct onednn_conv *conv, const float *weights, void *to);

/* Weights as `from` takes them, to the way in which `to` does. */
bool onednn_repack(const struct onednn_conv *from, const void *weights, const struct onednn_conv *to,
                   void *out);

/* out[row][x][output] = bias + sums, in f32, of the input rounded to bf16. `scratch`
 * and `out` are aligned to 64 bytes. False when the library fails (memory). */
bool onednn_run(const struct onednn_conv *conv, const float *in, const void *weights, const float *bias,
                char *scratch, float *out);
