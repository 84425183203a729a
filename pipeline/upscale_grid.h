/* pipeline/upscale_grid.h: how a picture is cut into windows for a net that looks around a pixel. */
#pragma once

#include "onnx/receptive_field.h"

#include <stdint.h>

/* One axis: windows from the first pixel to the last, and what each of them gives of the output. */
struct grid_axis {
    int length; /* of the picture */
    int size;   /* of a window, but the last one, which may be up to field->align - 1 shorter; larger than
                   `length` where the net takes one size only */
    int step;   /* from a window to the next; 0: the one size that the net takes is too small for its reach */
    int count;
    int last; /* where the last one begins */
    int factor, before;
};

struct grid {
    struct grid_axis y, x;
};

/* A window's pixels of the picture, first .. first + count - 1, and those of the output that it gives.
 * Outputs of an axis follow upon each other. */
struct grid_span {
    int first, count;
    int out_first, out_count;
};
struct grid_span grid_window(const struct grid_axis *axis, int index);

/* What a net takes. */
struct grid_net {
    const struct onnx_field *field;
    int                      fixed[2]; /* y, x: the only size that it takes; 0: any */
    int                      channels; /* in and out */
};

/* One window where the net is not local. `tile` pixels are a window's side (as near as the net's reach and
 * multiples allow); 0: windows are as large as is best for work and memory, which is
 * to be `memory` bytes at the most (0: any). */
struct grid grid_make(const struct grid_net *net, int width, int height, int tile, uint64_t memory);

/* Bytes that such windows take, the rows of the output included that are kept until they are whole. */
uint64_t grid_bytes(const struct grid_net *net, const struct grid *grid);
