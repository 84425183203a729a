/* onnx/build_values.h: what the builder knows of its values. For build.c only. */
#pragma once

#include "base/tensor.h"

struct build_value {
    char             *returned; /* the name that the caller was given; stays */
    char             *name;     /* in the graph */
    struct bsr_tensor tensor;   /* type 0: not known; data of weights: the graph's, or `owned` */
    void             *owned;
    bool              is_made, is_output; /* by a node; of the model */
};

/* Start with {0}. */
struct build_values {
    struct build_value **items; /* each in a block of its own: they stay where they are */
    size_t               count, capacity;
};

/* By either name; NULL when there is none. */
struct build_value *build_values_find(const struct build_values *values, const char *name);

/* A new value. BSR_EMODEL when the name is none, or taken; BSR_ENOMEM. */
bsr_status build_values_add(struct build_value **out, struct build_values *values, const char *name,
                            struct bsr_error *err);

/* Takes back what was added from `count` on. */
void build_values_cut(struct build_values *values, size_t count);

/* BSR_EMODEL: there is no value of that name, with the nearest. */
bsr_status build_values_fail_unknown(const struct build_values *values, const char *name,
                                     struct bsr_error *err);

void build_values_free(struct build_values *values);
