/* pipeline/compare_pairs.h: which tensors of two models, or of a model and a folder, are to be compared. */
#pragma once

#include "pipeline/feeds.h"

#include <stdbool.h>

/* A or B: a model with what runs it, or a folder of .npy files. */
struct compare_side {
    const struct onnx_model *model;   /* NULL: a folder */
    const char              *name;    /* of the model's file, for messages; the folder's path */
    const char              *backend; /* as engine_options.backend */
    bool                     drop_qdq;
    bool                     half; /* weights are rounded to 16-bit floats */
};

struct compare_pair {
    char  *label; /* what a person calls it: its name in A, or that of a debug node; of a folder its file's */
    char  *names[2]; /* in A and in B; in a folder the label */
    char  *node;     /* what makes it in A (of a folder: in B): "/conv1/Conv (Conv)" */
    bool   is_own;   /* an output of the models themselves */
    size_t bytes;    /* in A; 0: not known before the run */
};

/* In the order in which A (of a folder: B) makes them. Start with {0}; release with compare_pairs_free(). */
struct compare_pairs {
    struct compare_pair *items;
    int                  count;
};
void compare_pairs_free(struct compare_pairs *pairs);

/* What --at names ("NAME", or "NAME_IN_A=NAME_IN_B"), or, where `at_count` is 0, all there is: with a folder
 * the model's debug nodes that it has files of, else the tensors that it has files of; of two models what
 * nodes of both make: by name, by the name in a debug node, outputs also by their position. Constants are
 * left out. `feeds` tell the shapes. BSR_EUSAGE, with the nearest name, when there is nothing to be
 * compared; BSR_EMODEL, BSR_ENOMEM. */
bsr_status compare_pairs_choose(struct compare_pairs *out, const struct compare_side sides[2],
                                const struct feeds *feeds, const char *const *at, int at_count,
                                struct bsr_error *err);
