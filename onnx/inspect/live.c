#include "onnx/inspect/live.h"

#include "base/alloc.h"
#include "onnx/inspect/inspect.h"

/* What is alive while the nodes are run one after the other. */
struct life {
    const struct plan        *plan;
    const struct onnx_values *values;
    int                      *left; /* readers of each value that are still to come */
    uint64_t                  now, peak;
    bool                      unknown;
};

/* 0 for constants, which are no activations. */
static uint64_t value_bytes(struct life *life, int value)
{
    const struct bsr_tensor *tensor;

    if (life->plan->values[value].constant.data)
        return 0;
    tensor = onnx_values_find(life->values, life->plan->index->entries[value].name);
    if (!tensor || tensor_bytes(tensor) == SIZE_MAX) {
        life->unknown = true;
        return 0;
    }
    return tensor_bytes(tensor);
}

static void begin(struct life *life, int value)
{
    uint64_t bytes = value >= 0 ? value_bytes(life, value) : 0;
    if (__builtin_add_overflow(life->now, bytes, &life->now))
        life->now = UINT64_MAX;
    if (life->now > life->peak)
        life->peak = life->now;
}

/* Takes away a reader, and the value with its last one. */
static void end(struct life *life, int value)
{
    if (value < 0 || life->left[value] <= 0 || --life->left[value])
        return;
    uint64_t bytes = value_bytes(life, value);
    life->now -= bytes < life->now ? bytes : life->now;
}

/* What nobody reads goes right after it was made. */
static void end_unread(struct life *life, int value)
{
    if (value < 0 || life->plan->values[value].readers)
        return;
    uint64_t bytes = value_bytes(life, value);
    life->now -= bytes < life->now ? bytes : life->now;
}

static void run_node(struct life *life, const struct plan_node *node)
{
    for (int i = 0; i < node->output_count; i++)
        begin(life, node->outputs[i]);
    for (int i = 0; i < node->input_count; i++)
        end(life, node->inputs[i]);
    for (int i = 0; i < node->capture_count; i++)
        end(life, node->captures[i]);
    for (int i = 0; i < node->output_count; i++)
        end_unread(life, node->outputs[i]);
}

static bsr_status run_nodes(struct life *out, const struct plan *plan, const struct onnx_values *values,
                            struct bsr_error *err)
{
    struct life life = {.plan = plan, .values = values};

    life.left = mem_alloc_zeroed((size_t)plan->value_count + 1, sizeof *life.left);
    if (!life.left)
        return bsr_fail_memory(err, NULL, (size_t)plan->value_count * sizeof *life.left);
    for (int i = 0; i < plan->value_count; i++)
        life.left[i] = plan->values[i].readers;
    for (int i = 0; i < plan->input_count; i++)
        begin(&life, plan->inputs[i]);
    for (int i = 0; i < plan->node_count; i++)
        run_node(&life, &plan->nodes[i]);
    mem_free(life.left);
    life.left = NULL;
    *out = life;
    return BSR_OK;
}

bsr_status peak_of_live(uint64_t *out, const struct plan *plan, const struct onnx_values *values,
                        struct bsr_error *err)
{
    struct life life;
    bsr_status  status = run_nodes(&life, plan, values, err);

    if (status == BSR_OK)
        *out = life.unknown ? 0 : life.peak;
    return status;
}

bsr_status onnx_live_bytes(uint64_t *out, const struct onnx_model *model, const struct onnx_values *values,
                           struct bsr_error *err)
{
    struct plan *plan = NULL;
    struct life  life;
    bsr_status   status = plan_make(&plan, model, false, err);

    if (status == BSR_OK)
        status = run_nodes(&life, plan, values, err);
    if (status == BSR_OK)
        *out = life.peak;
    plan_free(plan);
    return status;
}
