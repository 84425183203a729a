/* onnx/inference.h: what onnx_infer() is made of: infer.c goes through the graph, infer_ends.c looks at what
 * it declares, infer_node.c at a node. */
#pragma once

#include "onnx/infer.h"
#include "onnx/plan.h"

/* What is known of a value: type 0 for nothing, data where the value is. */
struct known {
    struct bsr_tensor tensor;
    bool              owned;
};

/* The values of one graph; those of a subgraph look into the graph around it. */
struct inference {
    const struct plan           *plan;
    struct known                *known;
    const Onnx__ValueInfoProto **declared; /* for values that no operator tells of; NULL in subgraphs */
    size_t                      *total;    /* bytes of computed values, of all graphs */
    const struct bsr_tensor    **inputs;   /* of the node that is asked */
    struct bsr_tensor           *outputs;
    onnx_refusal                *refusal; /* or NULL; of nodes of the graph itself only */
    void                        *context;
};

/* Release with inference_close(), also after a failure. BSR_ENOMEM. */
bsr_status inference_open(struct inference *inference, const struct plan *plan, struct bsr_error *err);
void       inference_close(struct inference *inference);

/* What becomes known by a node. BSR_EMODEL when its operator refuses its inputs. */
bsr_status inference_of_node(struct inference *inference, const struct plan_node *node,
                             struct bsr_error *err);

/* What the graph declares of the results of a node that no operator tells of. */
void inference_of_declared(struct inference *inference, const struct plan_node *node);

/* All nodes, in their order. */
bsr_status inference_of_nodes(struct inference *inference, struct bsr_error *err);

/* Types and shapes of the graph's inputs, as declared or chosen. */
bsr_status inference_of_inputs(struct inference *inference, const struct onnx_named *chosen, int count,
                               struct bsr_error *err);

/* BSR_EMODEL where an output has another shape than the graph declares, unless shapes were chosen that it
 * does not declare either. */
bsr_status inference_check_outputs(const struct inference *inference, const struct onnx_named *chosen,
                                   int count, struct bsr_error *err);
