/* DequantizeLinear of constants (weights per tensor, per channel or in blocks, 32-bit biases) is computed
 * once, by besra's own operator: engines get f32 weights. */
#include "onnx/passes/passes.h"

#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/nodes.h"
#include "onnx/passes/rewrite.h"
#include "onnx/tensors.h"
#include "operators/registry.h"

enum { MOST_INPUTS = 3 }; /* x, scale, zero point */

/* The constants that a node reads. */
struct constants {
    struct bsr_tensor        tensors[MOST_INPUTS];
    const struct bsr_tensor *inputs[MOST_INPUTS]; /* NULL: left out */
    void                    *owned[MOST_INPUTS];
};

static void release(struct constants *constants)
{
    for (int i = 0; i < MOST_INPUTS; i++)
        mem_free(constants->owned[i]);
}

/* *found is false when an input is no constant. */
static bsr_status view(struct constants *constants, const struct graph_index *index,
                       const Onnx__NodeProto *node, bool *found, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    *found = node->n_input >= 2 && node->n_input <= MOST_INPUTS && node->n_output == 1;
    for (size_t i = 0; *found && status == BSR_OK && i < node->n_input; i++) {
        const Onnx__NodeProto   *producer = index_producer(index, node->input[i]);
        const Onnx__TensorProto *weight = index_initializer(index, node->input[i]);
        struct bsr_tensor       *to = &constants->tensors[i];
        if (!*node->input[i])
            continue;
        if (weight)
            status = tensor_view(to, &constants->owned[i], weight, err);
        else if (producer && node_is(producer, "Constant"))
            status = constant_view(to, &constants->owned[i], producer, err);
        else
            *found = false;
        constants->inputs[i] = to;
    }
    return status;
}

/* *out is left without data when there is no such operator. */
static bsr_status dequantize(struct bsr_tensor *out, const struct bsr_node *node,
                             const struct constants *from, int input_count, struct bsr_error *err)
{
    const struct bsr_operator *op = operators_find("", "DequantizeLinear");
    struct bsr_call            call = {
                   .node = node, .inputs = from->inputs, .input_count = input_count, .outputs = out, .output_count = 1};

    if (!op)
        return BSR_OK;
    bsr_status status = op->shape(&call, err);
    if (status == BSR_OK)
        status = tensor_alloc(out, err);
    if (status == BSR_OK)
        status = op->run(&call, err);
    return status;
}

/* Makes the node's result a weight. *done: the node is to go. */
static bsr_status replace(struct onnx_model *model, Onnx__NodeProto *node, const struct constants *from,
                          bool *done, struct onnx_changes *changes, struct bsr_error *err)
{
    struct bsr_tensor value = {.data = NULL};
    struct bsr_node  *read = NULL;
    bsr_status        status = node_read(&read, node, node_opset(model, node), err);

    if (status == BSR_OK)
        status = dequantize(&value, read, from, (int)node->n_input, err);
    if (status != BSR_OK)
        status = fail_in_node(status, node, err);
    if (status == BSR_OK && value.data) {
        status = rewrite_add_initializer(model->proto->graph, node->output[0], &value, err);
        if (status == BSR_OK)
            *done = true;
        if (status == BSR_OK)
            status = onnx_changes_add(changes, err, "dequantize-weights", node_text(node).text,
                                      "is a constant now: %s of %s, from %s", tensor_shape_text(&value).text,
                                      tensor_type_name(value.type), tensor_type_name(from->tensors[0].type));
    }
    tensor_free(&value);
    node_free(read);
    return status;
}

static bsr_status visit(struct onnx_model *model, const struct graph_index *index, Onnx__NodeProto *node,
                        bool *done, struct onnx_changes *changes, struct bsr_error *err)
{
    const struct index_entry *result = node->n_output ? index_find(index, node->output[0]) : NULL;
    struct constants          constants = {.inputs = {NULL}};
    bool                      found = false;

    if (!node_is(node, "DequantizeLinear") || !result || result->is_output || result->twice)
        return BSR_OK;
    bsr_status status = view(&constants, index, node, &found, err);
    if (status == BSR_OK && found)
        status = replace(model, node, &constants, done, changes, err);
    release(&constants);
    return status;
}

bsr_status pass_dequantize_weights(struct onnx_model *model, const struct onnx_prepare_options *options,
                                   struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = model->proto->graph;
    struct graph_index *index = NULL;
    bool               *done = mem_alloc_zeroed(graph->n_node, sizeof *done);
    bsr_status status = done ? index_make(&index, graph, err) : bsr_fail_memory(err, NULL, graph->n_node);
    size_t     kept = 0;

    (void)options;
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++)
        status = visit(model, index, graph->node[i], &done[i], changes, err);
    for (size_t i = 0; done && i < graph->n_node; i++) {
        if (done[i]) {
            *changed = true;
            onnx__node_proto__free_unpacked(graph->node[i], &onnx_allocator);
        } else {
            graph->node[kept++] = graph->node[i];
        }
    }
    if (done)
        graph->n_node = kept;
    index_free(index);
    mem_free(done);
    return status;
}
