/* engine/region.h: a region of the graph (onnx/regions.h) as the layer that stands for it in the net sees it:
 * blocks of 4-byte words in, blocks of 4-byte words out. */
#pragma once

#include "onnx/regions.h"

enum { REGION_MAX_DIMS = BSR_MAX_DIMS };

struct net_region;
struct fast_runner;
struct engine_wish;

/* Opens the evaluator of `region`, or compiles it where it is fast: it then runs on `runner`, and its outputs
 * are made by `wishes` (fast.h; NULL: all are planes); what isn't planes is not written. Runner, region, and
 * `region` with the model of one that isn't fast, must outlive the result; `name` is for messages. BSR_EMODEL
 * where an operator is unknown or a tensor is too large for the layer of a net; BSR_ENOMEM. Release with
 * region_close(). */
bsr_status region_open(struct net_region **out, const struct onnx_region *region, struct fast_runner *runner,
                       const struct engine_wish *wishes, const char *name, struct bsr_error *err);
void       region_close(struct net_region *region);

int region_input_count(const struct net_region *region);
int region_output_count(const struct net_region *region);

/* The shape in which a tensor lies in the net: its own where it is f32, else as many words as its bytes fill.
 * Never fewer than two dimensions: OpenCV 4 knows none. Returns the number of dimensions. */
int region_net_shape(const struct bsr_tensor *tensor, int sides[REGION_MAX_DIMS]);

/* Whether what comes in has the right number of words: words[region_input_count()]. */
bool region_takes(const struct net_region *region, const size_t *words);

/* The shape in the net of output `index`. */
int region_output_shape(const struct net_region *region, int index, int sides[REGION_MAX_DIMS]);

/* Of a fast region; NULL for others. */
struct fast_program;
struct fast_program *region_program(const struct net_region *region);

/* 4-byte words that `bytes` fill: at least one. */
size_t region_words(size_t bytes);

/* A block of the net. */
struct region_block {
    void  *data;
    size_t words;
};

/* Runs the nodes of the region: inputs[region_input_count()], outputs[region_output_count()]. BSR_EENGINE
 * where an operator fails (its sentence) or a block has another size than its tensor. */
bsr_status region_run(const struct net_region *region, const struct region_block *inputs,
                      const struct region_block *outputs, struct bsr_error *err);
