/* onnx/frame.h: one run of a plan, node by node; a subgraph's run is a frame of its own inside another's. */
#pragma once

#include "onnx/evaluate.h"
#include "onnx/plan.h"

/* What a run may hold at once. A small file can ask for tensors of any size: the limit grows with the inputs,
 * which the caller has already made room for. */
#define FRAME_BASE_BYTES ((size_t)512 << 20)
enum { FRAME_BYTES_PER_INPUT_BYTE = 1024 };

struct budget {
    size_t live, limit; /* bytes */
};

struct frame_slot {
    struct bsr_tensor tensor;  /* data NULL: not there yet, or gone */
    int               readers; /* that have not run */
    bool              owned;
};

struct frame {
    const struct plan        *plan;
    const struct frame       *outer;  /* NULL: the model's graph */
    struct frame_slot        *slots;  /* one for each value */
    const struct bsr_tensor **inputs; /* of the node that is run */
    struct bsr_tensor        *outputs;
    struct budget            *budget;
    evaluator_visit          *visit;
    void                     *context;
};

/* Runs a plan on inputs (as many as it has; borrowed), with what its graph reads of `outer`. outputs[] is as
 * long as the plan's; each gets a tensor of its own, in the budget. */
bsr_status frame_run(const struct plan *plan, const struct frame *outer, const struct bsr_tensor *inputs,
                     struct bsr_tensor *outputs, struct budget *budget, evaluator_visit *visit, void *context,
                     struct bsr_error *err);

/* Allocates and frees within the budget; BSR_ELIMIT beyond it. */
bsr_status budget_alloc(struct budget *budget, struct bsr_tensor *tensor, struct bsr_error *err);
bsr_status budget_copy(struct budget *budget, struct bsr_tensor *out, const struct bsr_tensor *tensor,
                       struct bsr_error *err);
void       budget_free(struct budget *budget, struct bsr_tensor *tensor);

/* The nodes with subgraphs; inputs and outputs are the frame's. Outputs are the caller's also on failure. */
bsr_status control_run_if(struct frame *frame, const struct plan_node *node, struct bsr_error *err);
bsr_status control_run_loop(struct frame *frame, const struct plan_node *node, struct bsr_error *err);
bsr_status control_run_scan(struct frame *frame, const struct plan_node *node, struct bsr_error *err);

/* Tensors of one type and shape, which become slices of one. Start with {.budget = ...}. */
struct stack {
    struct budget     *budget;
    struct bsr_tensor *items;
    size_t             count, capacity;
};

/* Takes *tensor over, also on failure. */
bsr_status stack_push(struct stack *stack, struct bsr_tensor *tensor, struct bsr_error *err);

/* All of them side by side along a new `axis` (negative: from behind); `declared` says type and shape of a
 * slice where there are none. */
bsr_status stack_join(struct stack *stack, struct bsr_tensor *out, int64_t axis, bool backwards,
                      const Onnx__ValueInfoProto *declared, struct bsr_error *err);
void       stack_free(struct stack *stack);
