/* pipeline/detect_layout.h: in which of YOLOv5's ways a net hands out its numbers, and from there to
 * candidates. */
#pragma once

#include "engine/engine.h"
#include "pipeline/model.h"
#include "postprocess/detection.h"

enum output_shape {
    OUTPUT_ROWS,     /* [1][rows][5 + classes]: decoded by the net */
    OUTPUT_HEADS,    /* [1][anchors * (5 + classes)][height][width], one a stride, in any order */
    OUTPUT_HEADS_5D, /* [1][anchors][height][width][5 + classes], likewise */
};

struct detect_layout {
    const struct model *model;
    enum output_shape   shape;
    struct yolo_layout  yolo;
    int                 stride; /* the sides of the net's input are multiples of it */
    bool                frozen; /* the grid of one input size is part of the graph */
};

/* Tells the layout from the shapes that the model declares and from its card. What had to be assumed goes to
 * *notes (may be NULL), a sentence a line. BSR_EMODEL says what the outputs are when they are none of these.
 */
bsr_status detect_layout_find(struct detect_layout *out, const struct model *model, struct bytes *notes,
                              struct bsr_error *err);

/* Appends to *out what passes `filter` of the net's outputs on an input of in_height x in_width pixels.
 * BSR_EMODEL when an output is not what the layout says, BSR_ENOMEM. */
bsr_status detect_layout_decode(const struct detect_layout *layout, const struct tensor *outputs, int count,
                                int in_height, int in_width, const struct yolo_filter *filter,
                                struct candidates *out, struct bsr_error *err);
