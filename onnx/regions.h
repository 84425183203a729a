/* onnx/regions.h: splits a graph between an engine, fast kernels and besra's own operators. */
#pragma once

#include "onnx/evaluate.h"
#include "operators/node.h"

/* A node as the engine's support table sees it. Shapes and values are those of onnx_infer(). */
struct onnx_node_view {
    struct bsr_node                 node;
    const struct bsr_tensor *const *inputs; /* NULL: left out; data where it is a constant */
    int                             input_count;
    const struct bsr_tensor *const *outputs;
    int                             output_count;
};

/* NULL when the engine runs this node right; else why not, a sentence's end ("cubic mode is not supported").
 */
typedef const char *onnx_supports(void *context, const struct onnx_node_view *node);

/* Whether a node alone makes a fast region worth its while (a convolution); what it passes was taken. */
typedef bool onnx_worth(void *context, const struct onnx_node_view *node);

/* Who may take a node, and is asked for it. */
struct onnx_takers {
    onnx_supports *engine;
    onnx_supports *fast; /* asked first; NULL: there is none */
    onnx_worth    *worth;
    void          *context; /* of the engine */
};

struct onnx_region {
    bool fast; /* for the fast kernels, not for besra's operators */
    struct onnx_model
        *model; /* the nodes, with their constants; inputs and outputs as of the region's node */
    struct bsr_tensor *inputs; /* type and shape of each, as inferred */
    struct bsr_tensor *outputs;
    int                input_count, output_count;
};

/* What the graph became: the engine's part, regions inside it, and a tail behind it. */
struct onnx_split {
    struct onnx_model *front; /* for the engine; every region is a node besra.Region with an attribute
                                 `region`, its index. NULL when nothing is left for the engine */
    struct onnx_region *regions;
    int                 region_count;
    struct onnx_model  *tail; /* what comes behind the first tensor whose shape depends on values; NULL when
                                 nothing does. Its  inputs are inputs of the whole graph or outputs of the
                                 front; its outputs are those of the  whole graph. */
};

/* `model` was prepared and all its input shapes are fixed. Maximal convex groups of nodes that the fast
 * kernels take become fast regions, if one of them is worth it; of the others, such groups that the engine
 * doesn't support become regions of besra's operators. A tensor that isn't f32 between engine, regions and
 * the graph's ends is declared as f32[n]: its bytes, padded with zeros to n = ceil(bytes / 4) words (at least
 * 1). Where an empty tensor or a shape that depends on values occurs, all that comes from there on is the
 * tail. BSR_EMODEL names a node that nobody can run and why. Release with onnx_split_free(). */
bsr_status onnx_split_make(struct onnx_split *out, const struct onnx_model *model,
                           const struct onnx_takers *takers, struct bsr_error *err);
void       onnx_split_free(struct onnx_split *split);
