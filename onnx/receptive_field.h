/* onnx/receptive_field.h: how far around a pixel a net looks, computed from its graph, so that pictures can
 * be cut into windows that overlap by as much. */
#pragma once

#include "onnx/model.h"

#include <stdbool.h>

enum { ONNX_WHY_SIZE = 256 };

/* Of a net of one picture in and one out, [1][C][H][W] both. A window begins at the picture's edge or at a
 * multiple of `align`, and ends likewise. What it makes is then what the whole picture makes, but for the
 * pixels of the output that are nearer to an inner edge of it than `before` and `behind`. */
struct onnx_field {
    bool   local;              /* false: it can't be cut into windows, as `why` says */
    char   why[ONNX_WHY_SIZE]; /* "'/pool' (GlobalAveragePool) looks at all of the picture" */
    int    factor;             /* pixels of the output for one of the input, along an axis */
    int    before[2];          /* y, x: pixels of the output */
    int    behind[2];
    int    align; /* pixels of the input */
    double bytes; /* for a pixel of the input, of the maps that are alive at once, channels rounded up
                     to 8 */
};

/* How who runs the net computes. */
struct onnx_field_options {
    int tile; /* 3x3 convolutions compute so many pixels of an axis together, all of them with rounding errors
                 of all that these look at: Winograd's tiles. 1: each pixel by itself */
};

/* The field of `model`, which has one input, and is not changed: at two sizes, to be sure that it depends on
 * none, where height and width are symbolic, else at those that are declared. BSR_ENOMEM only: what can't be
 * analysed is not local. */
bsr_status onnx_field_find(struct onnx_field *out, const struct onnx_model *model,
                           const struct onnx_field_options *options, struct bsr_error *err);
