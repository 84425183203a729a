/* engine/fast/layer.h: a net between the graph that it comes from and the program that it becomes: layers in
 * an order that can be run, on values that are maps of features. Passes (passes.h) change it.
 *
 * Of quantised models values are bytes: what a QuantizeLinear and a DequantizeLinear leave is one of 256
 * numbers. Only convolutions, and layers that move numbers or take the largest, read bytes. */
#pragma once

#include "engine/engine.h"
#include "engine/kernels/conv.h"
#include "engine/kernels/simple.h"

/* Each with what it reads and the parts of struct fast_layer that are its own. */
enum layer_kind {
    LAYER_INPUT,       /* planes of the region's input `port`; `block`, `shift` */
    LAYER_OUTPUT,      /* to planes of the region's output `port`; it has no output value; `wish` */
    LAYER_KEEP,        /* the region's output `port` as it lies, kept to the end of a run. With weights: of a
                          part, by `wish`, which is the second value (ONE) or nothing (NONE); the rest can be
                          computed from the first, by conv */
    LAYER_CONV,        /* conv, weights, bias, residual, start */
    LAYER_TRANSPOSED,  /* ConvTranspose: the same, with the output's size; conv.stride enlarges */
    LAYER_CONVERT,     /* the same numbers by the steps of the output */
    LAYER_SCALE,       /* weights: a factor a channel, bias: what is added */
    LAYER_ACTIVATE,    /* weights: the slopes of PRELU */
    LAYER_BINARY,      /* of two values: binary, reversed */
    LAYER_SOFTMAX,     /* along channels */
    LAYER_POOL,        /* pool_kind, pool */
    LAYER_GLOBAL_POOL, /* pool_kind */
    LAYER_CONCAT,      /* any number of values, along channels */
    LAYER_SLICE,       /* channels from `from` on */
    LAYER_NEAREST,     /* factor */
    LAYER_LINEAR,      /* coordinates */
    LAYER_DEPTH_TO_SPACE, /* block, crd */
    LAYER_SPACE_TO_DEPTH, /* block */
    LAYER_PICK,           /* order */
    LAYER_FLATTEN,        /* a map as one pixel, in the order of planes */
    LAYER_UNFLATTEN,      /* the other way */
    LAYER_KINDS
};

enum { NO_VALUE = -1, LAYER_NAME_SIZE = 64 };

/* A map of features. */
struct fast_value {
    int          channels, height, width;
    int          parent; /* the value in whose memory it lies, NO_VALUE: it has its own */
    int          offset; /* the first channel there; a multiple of MAP_GRAIN */
    struct steps steps;  /* of bytes; of parts of one value each has its own */
};

struct fast_layer {
    enum layer_kind   kind;
    bool              gone;
    int              *inputs; /* values */
    int               input_count, output;
    int               residual, start; /* values of the finish, or NO_VALUE */
    bool              residual_first;
    int               start_shift;
    struct activation activation;
    struct conv_shape conv;
    float            *weights, *bias; /* the layer's own; bias NULL: none. [outputs][inputs / groups][y][x] */
    enum binary_kind  binary;
    bool              reversed, crd;
    enum pool_kind    pool_kind;
    struct pool_shape pool;
    int               port, block, shift, from, factor, coordinates;
    int               planes[3]; /* of INPUT: channels, height, width, before blocks are taken */
    int              *order;     /* of PICK */
    float            *per_unit;  /* of CONV that makes bytes: as in struct finish; else NULL */
    int32_t          *zero;
    double            macs;                   /* as the graph has it */
    struct engine_wish wish;                  /* of OUTPUT and KEEP */
    char               node[LAYER_NAME_SIZE]; /* the node that it was read from, cut to fit; for profiles */
};

struct fast_net {
    struct fast_layer *layers;
    struct fast_value *values;
    int                layer_count, value_count, layer_room, value_room;
};

/* Adds a layer that reads inputs[count] and makes a new value of this size (channels 0: none). Everything
 * else of it is neutral. NULL when out of memory; valid until the next layer is added. */
struct fast_layer *fast_add(struct fast_net *net, enum layer_kind kind, const int *inputs, int count,
                            int channels, int height, int width);

/* A new value, or NO_VALUE when out of memory. */
int fast_add_value(struct fast_net *net, int channels, int height, int width);

/* Takes the layer out; its place stays. */
void fast_remove(struct fast_layer *layer);
void fast_net_free(struct fast_net *net);

/* Where a value lies: the value without a parent, and its first channel there. */
int fast_root(const struct fast_net *net, int value, int *offset);

static inline bool fast_is_bytes(const struct fast_net *net, int value)
{
    return steps_are_bytes(net->values[value].steps);
}

static inline bool fast_is_conv(const struct fast_layer *layer)
{
    return layer->kind == LAYER_CONV || layer->kind == LAYER_TRANSPOSED;
}

/* Values that the layer reads: its inputs, its residual, its start. 0 .. fast_read_count() - 1. */
static inline int fast_read_count(const struct fast_layer *layer)
{
    return layer->input_count + 2;
}

/* NO_VALUE where it has none. */
static inline int fast_read_at(const struct fast_layer *layer, int index)
{
    return index < layer->input_count ? layer->inputs[index]
                                      : (index == layer->input_count ? layer->residual : layer->start);
}

/* The number of floats of its weights. */
size_t fast_weight_count(const struct fast_layer *layer);
