#include "onnx/types.h"

#include "base/alloc.h"
#include "base/tensor.h"

#include <string.h>

struct graph_types {
    struct graph_index *index;
    int                *of; /* of each of its entries; 0: unknown */
};

/* What an operator makes, where that is not what it reads first. */
static const struct rule {
    const char *op;
    int         output; /* -1: all */
    int         type;   /* 0: that of input `like` */
    int         like;
} rules[] = {
    {"Shape", -1, BSR_I64, 0},
    {"Size", -1, BSR_I64, 0},
    {"ArgMax", -1, BSR_I64, 0},
    {"ArgMin", -1, BSR_I64, 0},
    {"NonZero", -1, BSR_I64, 0},
    {"NonMaxSuppression", -1, BSR_I64, 0},
    {"TopK", 1, BSR_I64, 0},
    {"MaxPool", 1, BSR_I64, 0},
    {"Unique", 1, BSR_I64, 0},
    {"Unique", 2, BSR_I64, 0},
    {"Unique", 3, BSR_I64, 0},
    {"Equal", -1, BSR_BOOL, 0},
    {"Greater", -1, BSR_BOOL, 0},
    {"GreaterOrEqual", -1, BSR_BOOL, 0},
    {"Less", -1, BSR_BOOL, 0},
    {"LessOrEqual", -1, BSR_BOOL, 0},
    {"And", -1, BSR_BOOL, 0},
    {"Or", -1, BSR_BOOL, 0},
    {"Xor", -1, BSR_BOOL, 0},
    {"Not", -1, BSR_BOOL, 0},
    {"IsNaN", -1, BSR_BOOL, 0},
    {"IsInf", -1, BSR_BOOL, 0},
    {"Dropout", 1, BSR_BOOL, 0},
    {"CastLike", -1, 0, 1},
    {"Where", -1, 0, 1},
    {"OneHot", -1, 0, 2},
    {"QuantizeLinear", -1, 0, 2},
    {"DequantizeLinear", -1, 0, 1},
    {"QLinearConv", -1, 0, 7},
    {"QLinearMatMul", -1, 0, 7},
    {"ConvInteger", -1, BSR_I32, 0},
    {"MatMulInteger", -1, BSR_I32, 0},
    {"DynamicQuantizeLinear", 0, BSR_U8, 0},
    {"DynamicQuantizeLinear", 1, BSR_F32, 0},
    {"DynamicQuantizeLinear", 2, BSR_U8, 0},
    {"LayerNormalization", 1, BSR_F32, 0},
    {"LayerNormalization", 2, BSR_F32, 0},
};

/* Operators that say in an attribute what they make; `otherwise` without it (0: what they read first). */
static const struct attribute_rule {
    const char *op, *attribute;
    int         otherwise;
} attribute_rules[] = {
    {"Cast", "to", 0},
    {"EyeLike", "dtype", 0},
    {"Bernoulli", "dtype", 0},
    {"RandomNormal", "dtype", BSR_F32},
    {"RandomUniform", "dtype", BSR_F32},
    {"RandomNormalLike", "dtype", 0},
    {"RandomUniformLike", "dtype", 0},
    {"Multinomial", "dtype", BSR_I32},
};

static int type_of(const struct graph_types *types, const char *name)
{
    const struct index_entry *entry = index_find(types->index, name);
    return entry ? types->of[entry - types->index->entries] : 0;
}

static int attribute_type(const Onnx__NodeProto *node, int otherwise, const char *name)
{
    const Onnx__AttributeProto *attribute = node_attribute(node, name);
    return attribute && attribute->has_i ? (int)attribute->i : otherwise;
}

/* Of Constant and ConstantOfShape. */
static int constant_type(const Onnx__NodeProto *node)
{
    const Onnx__AttributeProto *value = node_attribute(node, "value");

    if (value && value->t)
        return value->t->data_type;
    if (node_attribute(node, "value_int") || node_attribute(node, "value_ints"))
        return BSR_I64;
    return BSR_F32;
}

static int output_type(const struct graph_types *types, const Onnx__NodeProto *node, int output)
{
    if (node_is(node, "Constant") || node_is(node, "ConstantOfShape"))
        return constant_type(node);
    for (size_t i = 0; i < sizeof attribute_rules / sizeof *attribute_rules; i++)
        if (node_is(node, attribute_rules[i].op)) {
            int otherwise = attribute_rules[i].otherwise;
            return attribute_type(node, otherwise ? otherwise : type_of(types, node_input(node, 0)),
                                  attribute_rules[i].attribute);
        }
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *rule = &rules[i];
        if (!node_is(node, rule->op) || (rule->output >= 0 && rule->output != output))
            continue;
        if (rule->type)
            return rule->type;
        int like = type_of(types, node_input(node, (size_t)rule->like));
        return like || !node_is(node, "QuantizeLinear") ? like : BSR_U8;
    }
    return type_of(types, node_input(node, 0));
}

static void declare(struct graph_types *types, const char *name, int type)
{
    const struct index_entry *entry = index_find(types->index, text_or_empty(name));
    if (entry && type)
        types->of[entry - types->index->entries] = type;
}

static void declare_infos(struct graph_types *types, Onnx__ValueInfoProto *const *infos, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (infos[i]->type && infos[i]->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE &&
            infos[i]->type->tensor_type)
            declare(types, infos[i]->name, infos[i]->type->tensor_type->elem_type);
}

static bsr_status fill(struct graph_types *types, const Onnx__GraphProto *graph, struct bsr_error *err)
{
    size_t    *order = NULL;
    bsr_status status = index_sort(&order, types->index, err);

    if (status == BSR_EMODEL) /* a cycle: what is declared is all that is known */
        return BSR_OK;
    if (status != BSR_OK)
        return status;
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[order[i]];
        for (size_t o = 0; o < node->n_output; o++)
            if (!type_of(types, node->output[o]))
                declare(types, node->output[o], output_type(types, node, (int)o));
    }
    mem_free(order);
    return BSR_OK;
}

bsr_status types_make(struct graph_types **out, const struct onnx_model *model, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    struct graph_types     *types = mem_alloc_zeroed(1, sizeof *types);
    if (!types)
        return bsr_fail_memory(err, NULL, sizeof *types);

    bsr_status status = index_make(&types->index, graph, err);
    if (status == BSR_OK && !(types->of = mem_alloc_zeroed(types->index->count + 1, sizeof *types->of)))
        status = bsr_fail_memory(err, NULL, types->index->count * sizeof *types->of);
    if (status == BSR_OK) {
        declare_infos(types, graph->value_info, graph->n_value_info);
        declare_infos(types, graph->output, graph->n_output);
        declare_infos(types, graph->input, graph->n_input);
        for (size_t i = 0; i < graph->n_initializer; i++)
            declare(types, graph->initializer[i]->name, graph->initializer[i]->data_type);
        status = fill(types, graph, err);
    }
    if (status == BSR_OK)
        *out = types;
    else
        types_free(types);
    return status;
}

void types_free(struct graph_types *types)
{
    if (!types)
        return;
    index_free(types->index);
    mem_free(types->of);
    mem_free(types);
}

int types_find(const struct graph_types *types, const char *name)
{
    return type_of(types, name);
}
