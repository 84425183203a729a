/* engine/kernels/conv_method.h: what the methods of convolution are to conv.c. */
#pragma once

#include "engine/kernels/conv.h"
#include "engine/kernels/kernels.h"

/* Packed weights. Groups of few outputs are bundled, with zeros between them, until a bundle's outputs are a
 * multiple of MAP_GRAIN: so that every vector begins where maps are aligned. */
struct conv {
    enum conv_method      method;
    struct conv_shape     shape;
    const struct kernels *kernels;
    int                   bundles;
    int                   inputs, outputs; /* of a bundle */
    int                   columns;         /* outputs of a bundle, in whole vectors */
    size_t                weight_floats;
    float                *weights; /* as the method has them */
    float                *bias;    /* [bundles][columns] */
    struct conv_bands    *bands;   /* of CONV_BF16 */
    /* of CONV_BYTES only */
    const struct byte_kernels *bytes;
    float                     *steps; /* [columns]: what a weight's whole number is multiplied by */
    int32_t                   *sums;  /* [columns]: of those numbers */
};

struct conv_code {
    const char *name;
    bool (*can)(const struct conv_shape *shape);
    /* How far inputs reach for an output of out_size: the last sample, counted from the first one (pad before
     * it), in the direction 0 (y) or 1 (x). */
    int (*reach)(const struct conv_shape *shape, int direction, int out_size);
    size_t (*weight_floats)(const struct conv *conv);      /* 0 on overflow */
    bool (*pack)(struct conv *conv, const float *weights); /* false: no memory */
    void (*drop)(struct conv *conv);                       /* what only this method has; may be NULL */
    void (*bind)(struct op *op, const struct conv *conv, int threads); /* units, scratch, run, numbers */
};

/* The reach of windows that run over each output by itself. */
static inline int conv_reach(const struct conv_shape *shape, int direction, int out_size)
{
    return (out_size - 1) * shape->stride[direction] +
           (shape->kernel[direction] - 1) * shape->dilation[direction];
}

extern const struct conv_code conv_direct_code, conv_winograd_code, conv_polyphase_code, conv_depthwise_code,
    conv_bf16_code, conv_bytes_code;

/* conv_pack() for given kernels: for tests and benches. */
bsr_status conv_pack_for(struct conv **out, const struct kernels *kernels, enum conv_method method,
                         const struct conv_shape *shape, const float *weights, const float *bias,
                         struct bsr_error *err);

/* The weights [input][y][x] of an output of a bundle and of the inputs first .. end - 1 that its group has,
 * counted within the bundle; none for a column of padding. */
struct conv_row {
    const float *weights;
    int          first, end;
};

struct conv_row conv_row(const struct conv *conv, const float *weights, int bundle, int output);

/* ---- panels ------------------------------------------------------------------------------------- */

static inline int conv_panel_width(const struct conv *conv)
{
    return PANEL_VECTORS * conv->kernels->vector;
}

static inline int conv_panels(const struct conv *conv) /* of a bundle */
{
    return (conv->columns + conv_panel_width(conv) - 1) / conv_panel_width(conv);
}

struct panel {
    int first;    /* column of its bundle */
    int vectors;  /* 1 or 2 */
    int channels; /* that may be stored */
};

struct panel conv_panel(const struct conv *conv, int index);

/* ---- sharing ------------------------------------------------------------------------------------ */

/* Work is cut into more units than threads, so that a thread that is held up can be helped; neighbouring
 * units that one thread gets are run as one. Unit u of `units` begins at item share_begin(items, units, u).
 */
int conv_units(long long items, int threads);

static inline long long share_begin(long long items, int units, int unit)
{
    return items * unit / units;
}

/* ---- finishes ----------------------------------------------------------------------------------- */

/* Sets way, activation and residual_first of blocks that end with this finish. */
void conv_block_finish(struct block *block, const struct finish *finish);
