/* pipeline/detect_layout.h: in which way a net hands out what it found, and from there to candidates. */
#pragma once

#include "engine/engine.h"
#include "pipeline/model.h"
#include "postprocess/detection.h"

enum output_shape {
    OUTPUT_ANY,        /* told from the shapes */
    OUTPUT_ROWS,       /* [1][rows][5 + classes]: YOLOv5, decoded by the net */
    OUTPUT_HEADS,      /* [1][anchors * (5 + classes)][height][width], one a stride, in any order */
    OUTPUT_HEADS_5D,   /* [1][anchors][height][width][5 + classes], likewise */
    OUTPUT_FREE_HEADS, /* the box, [1][4 * bins][height][width], and the classes, [1][classes][height][width],
                          of each stride, of YOLOv8 and its successors: what a cut Detect tail leaves */
    OUTPUT_COLUMNS,    /* [1][4 + classes][columns]: YOLOv8 and its successors */
    OUTPUT_BOXES,      /* [1][rows][6], [rows][6] or [rows][7]: suppressed by the net */
};

struct detect_layout {
    const struct model *model;
    enum output_shape   shape;
    struct yolo_layout  yolo; /* of OUTPUT_COLUMNS and OUTPUT_BOXES only the classes; of OUTPUT_FREE_HEADS
                                 no anchors */
    int  stride;              /* the sides of the net's input are multiples of it */
    bool frozen;              /* the grid of one input size is part of the graph */
};

/* Tells the layout from the outputs' shapes, the model's metadata and its card; `wanted` decides where it is
 * not OUTPUT_ANY. What had to be assumed goes to *notes (may be NULL), a sentence a line, with the option
 * that says otherwise. BSR_EMODEL says what the outputs are when they are none of these. */
bsr_status detect_layout_find(struct detect_layout *out, const struct model *model, enum output_shape wanted,
                              struct bytes *notes, struct bsr_error *err);

/* How the outputs are wanted, wishes[model's output_count]: what is needed of each cell, and the rest when it
 * is asked for. False: as planes, all of it. */
bool detect_layout_wishes(const struct detect_layout *layout, struct engine_wish *wishes);

/* Appends to *out what passes `filter` of the net's outputs on an input of in_height x in_width pixels, as
 * `engine` has just run it. BSR_EMODEL when an output is not what the layout says, BSR_ENOMEM. */
bsr_status detect_layout_decode(const struct detect_layout *layout, struct engine *engine,
                                const struct tensor *outputs, int count, int in_height, int in_width,
                                const struct yolo_filter *filter, struct candidates *out,
                                struct bsr_error *err);
