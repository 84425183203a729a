/* engine/fast/program.h: what a net becomes for its sizes: methods with packed weights, places in memory, and
 * operations bound to them. */
#pragma once

#include "engine/fast/fast.h"
#include "engine/fast/layer.h"
#include "engine/fast/store.h"

/* A convolution as the kernels run it. A LAYER_CONV is one; a LAYER_TRANSPOSED is one for each phase of its
 * strides, a LAYER_KEEP one for each group of channels that may be asked for. */
struct fast_conv {
    enum conv_method  method;
    struct conv_shape shape;
    int               first[2], step[2]; /* of the output's pixels, those that it makes (y, x) */
    int               size[2];           /* how many */
    int               skip[2];           /* pixels of the input that it does not see at its beginning */
    struct stored    *packed;
};

/* What a layer has; most have nothing. */
struct fast_convs {
    struct fast_conv *items;
    int               count;
};

/* Memory of a value without a parent. */
struct fast_memory {
    int       first, last; /* the layers between which it is used; first -1: never */
    int       halo[4];     /* top, left, bottom, right */
    ptrdiff_t pixel, row;  /* numbers: floats, or bytes */
    size_t    floats, at;  /* in the arena; at the first float of the halo */
};

struct fast_program {
    struct fast_net     net;
    struct fast_convs  *convs;  /* of each layer */
    struct fast_memory *memory; /* of each value; of those with a parent nothing */
    size_t              floats; /* of the arena */
    char               *name;
    struct fast_way     way;

    /* bound to an arena for a number of threads */
    float     *base;
    int        threads;
    struct op *ops;
    int        op_count, op_room;
    int       *steps;      /* [step_count + 1]: where their operations begin */
    int       *step_layer; /* [step_count] */
    int        step_count;
    int       *port_ops; /* of each layer, the operation that reads or writes planes, -1: none */
    size_t     scratch;  /* bytes for each thread */
};

/* Chooses methods and packs weights; those of the net are freed. BSR_ENOMEM. */
bsr_status program_pack(struct fast_program *program, struct bsr_error *err);

/* Finds halos and places. BSR_EMODEL when there is too much, BSR_ENOMEM. */
bsr_status program_lay_out(struct fast_program *program, struct bsr_error *err);

/* Gives each of items[count] a place such that no two that are used at the same time overlap; `at` in
 * multiples of what `floats` are multiples of. *total gets the floats of all. BSR_ENOMEM. */
bsr_status arena_place(struct fast_memory *items, int count, size_t *total, struct bsr_error *err);

/* Makes the operations for memory at `base`. Planes are bound by program_bind_planes(). BSR_ENOMEM. */
bsr_status program_bind(struct fast_program *program, float *base, int threads, struct bsr_error *err);
void       program_bind_planes(struct fast_program *program, float *const *inputs, float *const *outputs);

/* The map of a value in memory that begins at `base`. */
struct map program_map(const struct fast_program *program, float *base, int value);
