/* engine/fast/read.h: for each operator, in which forms it can be fast, and which layers it becomes. */
#pragma once

#include "engine/fast/layer.h"
#include "engine/supports.h"
#include "onnx/view.h"

/* A node on its way into the net. */
struct reading {
    struct fast_net             *net;
    const struct onnx_node_view *view;
    const int                   *inputs;  /* values of the net; NO_VALUE: left out, or constants */
    int                         *outputs; /* to be filled for all that the node names */
};

/* What an operator does with bytes. */
enum read_bytes {
    READ_FLOATS, /* reads none: gets them as floats */
    READ_MOVED,  /* moves them, or takes the largest: its outputs are bytes where all inputs have the same
                    steps */
    READ_BYTES,  /* sees to it itself */
};

/* An operator. */
struct read_rule {
    const char     *type;   /* "domain.Type" where it is none of ONNX's own */
    bool            heavy;  /* makes a region worth its while */
    bool            either; /* the first input may be a constant, if the second is none */
    int             least_inputs, most_inputs;
    enum read_bytes bytes;
    /* NULL when this form can be fast, else why not. All inputs but those left out have known shapes; those
     * that are no constants and all outputs are f32 maps; the first input is no constant, unless `either`. */
    const char *(*check)(const struct onnx_node_view *view);
    /* Adds its layers. False: out of memory. */
    bool (*read)(struct reading *reading);
};

/* Rules by group; each ends in an entry without a type. */
extern const struct read_rule read_convs[], read_products[], read_arithmetic[], read_activations[],
    read_windows[], read_channels[], read_sizes[], read_shapes[], read_steps[];

/* Adds the layers of a region's graph to an empty net. BSR_EMODEL where a node can't be fast, BSR_ENOMEM. */
bsr_status fast_read(struct fast_net *net, const struct onnx_view *view, struct bsr_error *err);

/* ---- for the rules --------------------------------------------------------------------------- */

/* The map that a tensor is: [1, C, H, W], [1, C] (one pixel), [1, G, C / G, H, W] (a channel shuffle on its
 * way). False: none, or one too large. */
bool read_map_size(const struct bsr_tensor *tensor, int *channels, int *height, int *width);

/* A layer from inputs 0 .. count - 1 to output `output` of the node, of that output's size. */
struct fast_layer *read_add(struct reading *reading, enum layer_kind kind, int count, int output);

/* A value as floats: itself, or what a layer makes of its bytes. NO_VALUE: out of memory. */
int read_as_floats(struct fast_net *net, int value);

/* The floats of a constant: copied, padded with zeros to MAP_GRAIN. NULL: out of memory. */
float *read_floats(const struct bsr_tensor *constant);

/* `count` zeros, padded. */
float *read_zeros(size_t count);

/* Whether a constant of f32 holds one number for each channel of a map of `dims` dimensions, or one for all.
 */
bool read_is_per_channel(const struct bsr_tensor *constant, int dims, int channels);

/* One number for each of `channels`, padded with zeros. */
float *read_per_channel(const struct bsr_tensor *constant, int channels);

/* The number of a constant of one; `otherwise` where it is left out. */
float read_scalar(const struct onnx_node_view *view, int input, float otherwise);

/* Padding before, per axis (y, x), of a convolution or pool from its output's size: pads or auto_pad. -1 for
 * negative or large ones. */
void read_pads(const struct onnx_node_view *view, const int kernel[2], const int stride[2],
               const int dilation[2], int pad[4]);

/* The axis attribute, counted from the front. */
int64_t read_axis(const struct onnx_node_view *view, int64_t otherwise, int dims);
