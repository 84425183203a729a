/* QuantizeLinear and DequantizeLinear behind it round activations to steps; what is left without the steps is
 * their range. It stays, as a Clip: quantisers leave out a Relu whose zero is the least step, and a Relu6
 * whose six is the greatest. */
#include "onnx/passes/passes.h"

#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/nodes.h"
#include "onnx/passes/rewrite.h"
#include "onnx/tensors.h"

#include <string.h>

enum { X, SCALE, ZERO_POINT, INPUTS };
enum { CLIP_INPUTS_SINCE = 11 };

/* A scale and zero point for a whole tensor. */
struct steps {
    float   scale;
    int     type; /* of the quantised numbers */
    int64_t zero;
};

/* The number of a constant of one element; false for other tensors. */
static bsr_status read_scalar(double *value, int *type, bool *found, const struct graph_index *index,
                              const char *name, struct bsr_error *err)
{
    const Onnx__NodeProto   *producer = index_producer(index, name);
    const Onnx__TensorProto *weight = index_initializer(index, name);
    struct bsr_tensor        tensor = {.data = NULL};
    void                    *owned = NULL;
    bsr_status               status = BSR_OK;

    *found = false;
    if (weight)
        status = tensor_view(&tensor, &owned, weight, err);
    else if (producer && node_is(producer, "Constant"))
        status = constant_view(&tensor, &owned, producer, err);
    if (status == BSR_OK && tensor.data && tensor_count(&tensor) == 1) {
        *found = true;
        *value = tensor_get(&tensor, 0);
        *type = tensor.type;
    }
    mem_free(owned);
    return status;
}

/* How a QuantizeLinear or DequantizeLinear maps numbers; *found is false where that is not the same for the
 * whole tensor, and known. */
static bsr_status read_steps(struct steps *steps, bool *found, const struct graph_index *index,
                             const Onnx__NodeProto *node, struct bsr_error *err)
{
    const Onnx__AttributeProto *type = node_attribute(node, "output_dtype");
    double                      scale = 0, zero = 0;
    int                         scale_type = 0;
    bsr_status status = read_scalar(&scale, &scale_type, found, index, node_input(node, SCALE), err);

    steps->type = node_is(node, "QuantizeLinear") && type && type->i ? (int)type->i : BSR_U8;
    *found = *found && scale_type == BSR_F32;
    if (status == BSR_OK && *found && *node_input(node, ZERO_POINT))
        status = read_scalar(&zero, &steps->type, found, index, node_input(node, ZERO_POINT), err);
    steps->scale = (float)scale;
    steps->zero = (int64_t)zero;
    return status;
}

/* The least and greatest number of a quantised type; false for other types. */
static bool type_range(int type, int64_t *least, int64_t *most)
{
    bool is_signed = type == BSR_I8 || type == BSR_I16;
    bool is_short = type == BSR_U16 || type == BSR_I16;

    if (!is_signed && type != BSR_U8 && type != BSR_U16)
        return false;
    *most = is_short ? UINT16_MAX : UINT8_MAX;
    *least = is_signed ? -(*most + 1) / 2 : 0;
    *most += *least;
    return true;
}

/* The QuantizeLinear before a DequantizeLinear that undoes it, or NULL. */
static bsr_status find_pair(const Onnx__NodeProto **quantize, struct steps *steps,
                            const struct graph_index *index, const Onnx__NodeProto *node,
                            struct bsr_error *err)
{
    const Onnx__NodeProto *before = index_producer(index, node_input(node, X));
    struct steps           other;
    bool                   found = false;

    *quantize = NULL;
    if (!before || !node_is(before, "QuantizeLinear") || !*node_input(before, X))
        return BSR_OK;
    bsr_status status = read_steps(steps, &found, index, before, err);
    if (status == BSR_OK && found)
        status = read_steps(&other, &found, index, node, err);
    if (status == BSR_OK && found && steps->scale == other.scale && steps->zero == other.zero)
        *quantize = before;
    return status;
}

static bsr_status add_bound(char **name, Onnx__GraphProto *graph, const struct graph_index *index,
                            const Onnx__NodeProto *node, const char *suffix, float value,
                            struct bsr_error *err)
{
    struct bsr_tensor tensor = {.data = &value, .type = BSR_F32};
    bsr_status        status = rewrite_new_name(name, index, node->output[0], suffix, err);

    return status == BSR_OK ? rewrite_add_initializer(graph, *name, &tensor, err) : status;
}

/* Inputs since opset 11, attributes before. */
static bsr_status set_bounds(struct onnx_model *model, const struct graph_index *index, Onnx__NodeProto *node,
                             const char *x, float least, float most, struct bsr_error *err)
{
    Onnx__GraphProto *graph = model->proto->graph;
    char             *names[2] = {NULL, NULL};
    bsr_status        status;

    if (onnx_opset(model, "") < CLIP_INPUTS_SINCE) {
        status = rewrite_set_inputs(node, &x, 1, err);
        if (status == BSR_OK)
            status = rewrite_set_float(node, "min", least, err);
        return status == BSR_OK ? rewrite_set_float(node, "max", most, err) : status;
    }
    status = add_bound(&names[0], graph, index, node, "least", least, err);
    if (status == BSR_OK)
        status = add_bound(&names[1], graph, index, node, "most", most, err);
    if (status == BSR_OK)
        status = rewrite_set_inputs(node, (const char *const[]){x, names[0], names[1]}, 3, err);
    mem_free(names[0]);
    mem_free(names[1]);
    return status;
}

static bsr_status replace(struct onnx_model *model, const struct graph_index *index, Onnx__NodeProto *node,
                          const Onnx__NodeProto *quantize, const struct steps *steps,
                          struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    int64_t first = 0, last = 0;

    if (!type_range(steps->type, &first, &last) || steps->zero < first || steps->zero > last)
        return BSR_OK;
    float least = (float)(first - steps->zero) * steps->scale,
          most = (float)(last - steps->zero) * steps->scale;
    bsr_status status =
        onnx_changes_add(changes, err, "drop-qdq", node_text(node).text,
                         "is a Clip to %g..%g now: activations are no longer rounded to steps "
                         "of %g",
                         (double)least, (double)most, (double)steps->scale);
    *changed = true;
    if (status == BSR_OK)
        status = set_bounds(model, index, node, node_input(quantize, X), least, most, err);
    if (status == BSR_OK)
        status = rewrite_set_type(node, "Clip", err);
    rewrite_remove_attribute(node, "axis");
    rewrite_remove_attribute(node, "block_size");
    rewrite_remove_attribute(node, "output_dtype");
    return status;
}

bsr_status pass_drop_qdq(struct onnx_model *model, const struct onnx_prepare_options *options,
                         struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = model->proto->graph;
    struct graph_index *index = NULL;

    if (!options || options->qdq != ONNX_QDQ_DROP)
        return BSR_OK;
    bsr_status status = index_make(&index, graph, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++) {
        Onnx__NodeProto       *node = graph->node[i];
        const Onnx__NodeProto *quantize = NULL;
        struct steps           steps;
        if (!node_is(node, "DequantizeLinear") || node->n_output != 1)
            continue;
        status = find_pair(&quantize, &steps, index, node, err);
        if (status == BSR_OK && quantize)
            status = replace(model, index, node, quantize, &steps, changes, changed, err);
    }
    index_free(index);
    return status;
}
