/* config/net_description.h: a net in words (libconfig), as `besra model build` reads it; docs/building.md
 * says how it is written. Only parsed here: pipeline/build_config.h makes the graph. */
#pragma once

#include "base/status.h"

#include <stdbool.h>

enum {
    NET_MAX_LAYERS = 10000,
    NET_MAX_TENSORS = 10000, /* inputs, weights */
    NET_MAX_LIST = 4096,     /* names or numbers in one list */
    NET_MAX_SIDE = 1 << 30,
};

/* Texts, each and the array of their own. */
struct net_names {
    char **items;
    int    count;
};

/* Where the numbers of a weight come from. */
struct net_source {
    enum net_source_kind {
        NET_NOT_GIVEN, /* nothing is said: random for weights, 0 for a bias */
        NET_FILE,      /* .npy, or raw little-endian numbers of `type` */
        NET_VALUES,    /* written in the file */
        NET_FILL,      /* all the same: values[0] */
        NET_NONE,      /* bias = false: there is none */
    } kind;
    char   *file; /* full path */
    double *values;
    int     value_count;
    int     type; /* of besra.h; 0: not said (of a weight) */
    int     dims; /* -1: not said */
    int64_t shape[BSR_MAX_DIMS];
};

/* An input (a side of -1: any), or a weight that layers name. */
struct net_tensor {
    int               line;
    char             *name;
    struct net_source source; /* of an input only type and shape */
};

/* Whole numbers stand as floats, too: for an attribute that is one, 1 means 1.0. */
struct net_attribute {
    char *name;
    enum net_attribute_kind { NET_INT, NET_FLOAT, NET_TEXT, NET_INTS, NET_FLOATS } kind;
    int64_t  i;
    float    f;
    char    *text;
    int64_t *ints;
    float   *floats;
    int      count;
};

struct net_layer {
    int line;
    enum net_layer_kind {
        NET_NODE,  /* an operator of ONNX's or another's: `op` */
        NET_CONV,  /* convolution of [N][C][H][W] */
        NET_DENSE, /* x W^T + b, of [N][C] */
    } kind;
    char                 *name;            /* may be NULL */
    struct net_names      inputs, outputs; /* none: what the layer before made; a name made up */
    char                 *op;
    struct net_attribute *attributes;
    int                   attribute_count;
    int64_t               channels;                          /* conv; dense: units */
    int64_t               kernel[2], stride[2], dilation[2]; /* rows, columns */
    int64_t               padding[4];                        /* top, left, bottom, right */
    bool                  same;                              /* padding = "same" */
    int64_t               groups;
    struct net_source     weights, bias;
    char                 *activation; /* an operator ("Relu"), or NULL */
};

/* Release with net_description_free(). */
struct net_description {
    char              *path, *name; /* the file's name without .cfg where no name is given */
    int                opset;       /* 0: the builder's */
    bool               f16;         /* storage = "f16" */
    uint64_t           seed;
    struct net_tensor *inputs, *weights;
    int                input_count, weight_count;
    struct net_layer  *layers;
    int                layer_count;
    struct net_names   outputs;  /* none: what the last layer made */
    struct net_names   metadata; /* key, value, key, value ... */
};

/* BSR_EUSAGE with "path:line", the key, and what it must be (unknown keys with the nearest name);
 * BSR_EMISSING, BSR_EIO, BSR_ELIMIT, BSR_ENOMEM. */
bsr_status net_description_read(struct net_description *out, const char *path, struct bsr_error *err);
void       net_description_free(struct net_description *net);
