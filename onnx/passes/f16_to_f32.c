/* 16-bit floats become f32: OpenCV 4.6 and besra's operators compute in f32, which holds every f16 and bf16
 * exactly. Numbers between nodes are no longer rounded to 16 bits; that is the only difference. */
#include "onnx/passes/passes.h"

#include "base/alloc.h"
#include "onnx/tensors.h"

#include <string.h>

static const char pass_name[] = "f16-to-f32";

/* What was found, for the line in `changes`. */
struct widening {
    size_t tensors, types;
};

static bool is_16_bit(int64_t type)
{
    return type == BSR_F16 || type == BSR_BF16;
}

static bsr_status widen_tensor(Onnx__TensorProto *proto, void *context, struct bsr_error *err)
{
    struct widening  *widening = context;
    struct bsr_tensor narrow, wide = {.data = NULL};
    void             *owned = NULL;

    if (!is_16_bit(proto->data_type))
        return BSR_OK;
    bsr_status status = tensor_view(&narrow, &owned, proto, err);
    if (status == BSR_OK)
        status = tensor_convert(&wide, &narrow, BSR_F32, err);
    if (status == BSR_OK)
        status = tensor_assign(proto, &wide, err);
    tensor_free(&wide);
    mem_free(owned);
    widening->tensors += status == BSR_OK;
    return status;
}

static void widen_code(int32_t *code, struct widening *widening)
{
    if (is_16_bit(*code)) {
        *code = BSR_F32;
        widening->types++;
    }
}

/* Recursion is bounded: wire_check() has limited the levels. */
static void widen_type(Onnx__TypeProto *type, struct widening *widening)
{
    if (!type)
        return;
    switch (type->value_case) {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
        widen_code(&type->tensor_type->elem_type, widening);
        break;
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
        widen_code(&type->sparse_tensor_type->elem_type, widening);
        break;
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
        widen_type(type->sequence_type->elem_type, widening);
        break;
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
        widen_type(type->optional_type->elem_type, widening);
        break;
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
        widen_type(type->map_type->value_type, widening);
        break;
    default:
        break;
    }
}

static void widen_values(Onnx__ValueInfoProto **values, size_t count, struct widening *widening)
{
    for (size_t i = 0; i < count; i++)
        widen_type(values[i]->type, widening);
}

/* Whether an attribute of ONNX's own operators names an element type (Cast, RandomNormal, QuantizeLinear,
 * LayerNormalization). */
static bool names_type(const Onnx__AttributeProto *attribute)
{
    static const char *const names[] = {"to", "dtype", "output_dtype", "stash_type"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text_or_empty(attribute->name), names[i]) == 0)
            return true;
    return false;
}

static bool is_own_domain(const Onnx__NodeProto *node)
{
    return !*text_or_empty(node->domain) || strcmp(node->domain, "ai.onnx") == 0;
}

static void widen_graph(Onnx__GraphProto *graph, struct widening *widening);

static void widen_nodes(Onnx__NodeProto **nodes, size_t count, struct widening *widening)
{
    for (size_t i = 0; i < count; i++)
        for (size_t a = 0; a < nodes[i]->n_attribute; a++) {
            Onnx__AttributeProto *attribute = nodes[i]->attribute[a];
            if (is_own_domain(nodes[i]) && names_type(attribute) && is_16_bit(attribute->i)) {
                attribute->i = BSR_F32;
                widening->types++;
            }
            widen_type(attribute->tp, widening);
            for (size_t t = 0; t < attribute->n_type_protos; t++)
                widen_type(attribute->type_protos[t], widening);
            if (attribute->g)
                widen_graph(attribute->g, widening);
            for (size_t g = 0; g < attribute->n_graphs; g++)
                widen_graph(attribute->graphs[g], widening);
        }
}

static void widen_graph(Onnx__GraphProto *graph, struct widening *widening)
{
    widen_values(graph->input, graph->n_input, widening);
    widen_values(graph->output, graph->n_output, widening);
    widen_values(graph->value_info, graph->n_value_info, widening);
    widen_nodes(graph->node, graph->n_node, widening);
}

bsr_status pass_f16_to_f32(struct onnx_model *model, const struct onnx_prepare_options *options,
                           struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    Onnx__ModelProto *proto = model->proto;
    struct widening   widening = {.tensors = 0};

    if (options && options->keep_f16)
        return BSR_OK;
    bsr_status status = visit_tensors(&proto->base, widen_tensor, &widening, err);
    if (status != BSR_OK)
        return status;
    widen_graph(proto->graph, &widening);
    for (size_t i = 0; i < proto->n_functions; i++)
        widen_nodes(proto->functions[i]->node, proto->functions[i]->n_node, &widening);
    if (!widening.tensors && !widening.types)
        return BSR_OK;
    *changed = true;
    return onnx_changes_add(changes, err, pass_name, "the graph",
                            "computes in f32 now: %zu constants and %zu declared types were of 16-bit floats",
                            widening.tensors, widening.types);
}
