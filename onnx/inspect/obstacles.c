/* Nodes that an engine can't run, asked of the graph as it is in the file. */
#include "base/alloc.h"
#include "onnx/inspect/inspect.h"
#include "onnx/nodes.h"
#include "onnx/plan.h"

enum { MAX_VIEWED = 256 };

void onnx_obstacles_free(struct onnx_obstacles *obstacles)
{
    for (size_t i = 0; i < obstacles->count; i++) {
        mem_free(obstacles->items[i].node);
        mem_free(obstacles->items[i].type);
        mem_free(obstacles->items[i].why);
    }
    mem_free(obstacles->items);
    *obstacles = (struct onnx_obstacles){0};
}

static bsr_status add(struct onnx_obstacles *obstacles, const struct plan_node *node, const char *why,
                      struct bsr_error *err)
{
    struct onnx_obstacle *items = mem_resize(obstacles->items, obstacles->count + 1, sizeof *items);
    if (!items)
        return bsr_fail_memory(err, NULL, (obstacles->count + 1) * sizeof *items);
    obstacles->items = items;

    struct onnx_obstacle item = {
        .node = mem_copy_text(node_text(node->proto).text),
        .type = mem_copy_text(text_or_empty(node->proto->op_type)),
        .why = mem_copy_text(why),
        .has_operator = node->kind != PLAN_UNKNOWN,
    };
    items[obstacles->count++] = item;
    return item.node && item.type && item.why ? BSR_OK : bsr_fail_memory(err, NULL, sizeof item);
}

/* A result that is known without a run is no work for an engine. */
static bool is_folded(const struct plan_node *node, const struct onnx_values *values)
{
    for (size_t i = 0; i < node->proto->n_output; i++) {
        const struct bsr_tensor *tensor = onnx_values_find(values, node->proto->output[i]);
        if (*node->proto->output[i] && (!tensor || !tensor->data))
            return false;
    }
    return true;
}

/* Whether the shape of something that the node makes is known in a run only. */
static bool depends_on_values(const struct onnx_node_view *view, const Onnx__NodeProto *proto)
{
    for (int i = 0; i < view->output_count; i++)
        if (!view->outputs[i] && *proto->output[i])
            return true;
    return false;
}

/* False where the shape of an input isn't known: nothing can be said of the node. */
static bool fill_view(struct onnx_node_view *view, const struct bsr_tensor **inputs,
                      const struct bsr_tensor **outputs, const struct plan_node *node,
                      const struct onnx_values *values)
{
    const Onnx__NodeProto *proto = node->proto;

    if (proto->n_input > MAX_VIEWED || proto->n_output > MAX_VIEWED || !node->node)
        return false;
    for (size_t i = 0; i < proto->n_input; i++) {
        inputs[i] = onnx_values_find(values, proto->input[i]);
        if (*proto->input[i] && !inputs[i])
            return false;
    }
    for (size_t i = 0; i < proto->n_output; i++)
        outputs[i] = onnx_values_find(values, proto->output[i]);
    *view = (struct onnx_node_view){.node = *node->node,
                                    .inputs = inputs,
                                    .input_count = (int)proto->n_input,
                                    .outputs = outputs,
                                    .output_count = (int)proto->n_output};
    return true;
}

static bsr_status search(struct onnx_obstacles *obstacles, const struct plan *plan,
                         const struct onnx_values *values, onnx_supports *supports, void *context,
                         struct bsr_error *err)
{
    const struct bsr_tensor *inputs[MAX_VIEWED], *outputs[MAX_VIEWED];
    bsr_status               status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        struct onnx_node_view   view;
        const char             *why = NULL;
        if (node->kind == PLAN_CONSTANT || is_folded(node, values))
            continue;
        if (node->kind == PLAN_UNKNOWN || node->kind == PLAN_DEBUG)
            why = "it has no operator of this name";
        else if (node->kind != PLAN_OPERATOR)
            why = "it runs no graphs within nodes";
        else if (fill_view(&view, inputs, outputs, node, values))
            why = depends_on_values(&view, node->proto) ? "the shape of what it makes depends on values"
                                                        : supports(context, &view);
        if (why)
            status = add(obstacles, node, why, err);
    }
    return status;
}

/* What is refused somewhere is not asked for: `check` tells of that before. */
static bsr_status pass_over(void *context, const char *node, struct bsr_error *why)
{
    (void)context;
    (void)node;
    (void)why;
    return BSR_OK;
}

bsr_status onnx_find_obstacles(struct onnx_obstacles *out, const struct onnx_model *model,
                               const struct onnx_named *chosen, int count, onnx_supports *supports,
                               void *context, struct bsr_error *err)
{
    struct onnx_obstacles obstacles = {0};
    struct onnx_values   *values = NULL;
    struct plan          *plan = NULL;
    struct bsr_error      space;
    bsr_status            status = plan_make(&plan, model, false, err);

    if (status == BSR_OK)
        status = onnx_infer_all(&values, model, chosen, count, pass_over, NULL, err ? err : &space);
    if (status == BSR_OK)
        status = search(&obstacles, plan, values, supports, context, err);
    onnx_values_free(values);
    plan_free(plan);
    if (status == BSR_OK)
        *out = obstacles;
    else
        onnx_obstacles_free(&obstacles);
    return status;
}
