/* pipeline/feeds.h: what the inputs of any model are fed with: files or random numbers. */
#pragma once

#include "base/bytes.h"
#include "onnx/infer.h"

/* Start with {0}; release with feeds_free(). Names and data are the feeds'. */
struct feeds {
    struct onnx_named *items;
    int                count;
};
void feeds_free(struct feeds *feeds);

/* Appends a copy of `name` and the tensor, which is taken over also on failure. BSR_ENOMEM. */
bsr_status feeds_add(struct feeds *feeds, const char *name, struct bsr_tensor *tensor, struct bsr_error *err);

/* "x.npy", "NAME=x.npy", .pb or a picture: appends the data for the input of that name, or for the next one
 * that has none. A picture is laid into an input [1][3 or 1][height][width] as a detector sees it:
 * letterboxed, RGB, 0..1 (whole numbers: 0..255); open sides are taken from `chosen` (may be NULL), else are
 * the picture's own, rounded up to 32. An input is fed once. BSR_EUSAGE, errors of reading. */
bsr_status feeds_add_file(struct feeds *feeds, const struct onnx_model *model, const struct feeds *chosen,
                          const char *text, struct bsr_error *err);

/* Appends random numbers for every input that has none yet: floats 0..1, whole numbers 0 and 1; the same for
 * the same seed on every machine. Open sides are taken from `chosen` (may be NULL); else a batch is 1, and
 * others are BSR_EUSAGE with the option to give. */
bsr_status feeds_add_random(struct feeds *feeds, const struct onnx_model *model, const struct feeds *chosen,
                            unsigned seed, struct bsr_error *err);

/* The shapes of the feeds without their types and numbers, as `chosen` of onnx_infer() takes them: as many,
 * with the feeds' names. NULL when memory ran out; released by mem_free(). */
struct onnx_named *feeds_shapes(const struct feeds *feeds);

/* The feed of that name, or NULL. */
const struct onnx_named *feeds_find(const struct feeds *feeds, const char *name);
