/* A model that computes in 16-bit floats: half the memory, and what processors with f16 units are fast at.
 *
 * Every f32 value of the graph becomes f16, weights are rounded. Where a value is f32 by nature (inputs and
 * outputs of the graph, operators that ONNX has for f32 only, operators of other domains), a Cast stands
 * between. */
#include "onnx/edit.h"

#include "base/alloc.h"
#include "onnx/make.h"
#include "onnx/tensors.h"
#include "onnx/types.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- who is for f32 only
 * ---------------------------------------------------------------------------------------- */

#define ALL UINT32_MAX

/* Bits: inputs that are f32 whatever the others are; outputs that are f32. */
static const struct fixed {
    const char *op;
    int         until; /* opsets before this one; 0: all */
    uint32_t    inputs, outputs;
} fixed_ops[] = {
    {"Resize", 11, 1U << 1, 0},          /* scales */
    {"Resize", 0, 1U << 1 | 1U << 2, 0}, /* region, scales */
    {"Upsample", 0, 1U << 1, 0},
    {"NonMaxSuppression", 0, ALL, 0},
    {"Range", 0, ALL, ALL},
    {"CumSum", 14, ALL, ALL},
    {"QuantizeLinear", 19, 3, 0},
    {"DequantizeLinear", 19, 2, ALL},
    {"DynamicQuantizeLinear", 0, ALL, ALL},
    {"QLinearConv", 0, ALL, ALL},
    {"QLinearMatMul", 21, ALL, ALL},
    {"LayerNormalization", 0, 0, ~1U}, /* mean and deviation */
    {"ConstantOfShape", 0, 0, ALL},
    {"EyeLike", 0, 0, ALL},
    {"RandomNormal", 0, 0, ALL},
    {"RandomUniform", 0, 0, ALL},
    {"RandomNormalLike", 0, ALL, ALL},
    {"RandomUniformLike", 0, ALL, ALL},
    {"Bernoulli", 0, ALL, ALL},
    {"Multinomial", 0, ALL, ALL},
    {"MelWeightMatrix", 0, ALL, ALL},
    {"DFT", 0, ALL, ALL},
    {"STFT", 0, ALL, ALL},
};

static struct fixed find_fixed(const Onnx__NodeProto *node, int64_t opset)
{
    const char *domain = text_or_empty(node->domain);

    if (*domain && strcmp(domain, "ai.onnx") != 0)
        return (struct fixed){.inputs = ALL, .outputs = ALL};
    for (size_t i = 0; i < sizeof fixed_ops / sizeof *fixed_ops; i++)
        if (node_is(node, fixed_ops[i].op) && (!fixed_ops[i].until || opset < fixed_ops[i].until))
            return fixed_ops[i];
    return (struct fixed){.inputs = 0};
}

static bool has_bit(uint32_t bits, size_t n)
{
    return n < 32 ? bits >> n & 1 : bits >> 31;
}

/* ---- the state
 * -------------------------------------------------------------------------------------------------- */

/* A name to be put in a place: at the end, since the index and the types live from the old names. */
struct renaming {
    char **slot;
    char  *text;
};

struct narrowing {
    struct onnx_model  *model;
    Onnx__GraphProto   *graph;
    struct graph_types *types;
    struct graph_index *index;
    Onnx__NodeProto   **nodes; /* the new list */
    size_t              node_count;
    Onnx__NodeProto   **old_nodes; /* as the index numbers them */
    struct renaming    *renamings;
    size_t              renaming_count, renaming_capacity;
    int64_t             opset;
};

static bsr_status rename_later(struct narrowing *n, char **slot, const char *text, struct bsr_error *err)
{
    if (n->renaming_count == n->renaming_capacity) {
        size_t capacity = n->renaming_capacity ? n->renaming_capacity * 2 : 64;
        void  *grown = mem_resize(n->renamings, capacity, sizeof *n->renamings);
        if (!grown)
            return bsr_fail_memory(err, NULL, capacity * sizeof *n->renamings);
        n->renamings = grown;
        n->renaming_capacity = capacity;
    }
    char *copy = mem_copy_text(text);
    if (!copy)
        return bsr_fail_memory(err, NULL, strlen(text) + 1);
    n->renamings[n->renaming_count++] = (struct renaming){slot, copy};
    return BSR_OK;
}

static void rename_now(struct narrowing *n)
{
    for (size_t i = 0; i < n->renaming_count; i++) {
        mem_free(*n->renamings[i].slot);
        *n->renamings[i].slot = n->renamings[i].text;
    }
    n->renaming_count = 0;
}

/* Names for both sides of a Cast. */
struct twin_name {
    char text[ONNX_MAX_NAME + 32];
};

static struct twin_name make_name(const struct narrowing *n, const char *name, const char *suffix)
{
    struct twin_name twin;

    snprintf(twin.text, sizeof twin.text, "%s_%s", name, suffix);
    for (int i = 2; index_find(n->index, twin.text); i++)
        snprintf(twin.text, sizeof twin.text, "%s_%s_%d", name, suffix, i);
    return twin;
}

static bsr_status append_cast(struct narrowing *n, const char *from, const char *to, int type,
                              struct bsr_error *err)
{
    Onnx__NodeProto        *cast = NULL;
    const struct node_parts parts = {
        .op = "Cast", .name = to, .inputs = &from, .outputs = &to, .input_count = 1, .output_count = 1};
    bsr_status status = node_make(&cast, &parts, err);
    if (status != BSR_OK)
        return status;
    status = node_add_int(cast, "to", type, err);
    if (status == BSR_OK)
        status = message_append(&n->nodes, &n->node_count, cast, err);
    if (status != BSR_OK)
        message_free(&cast->base);
    return status;
}

/* ---- readers
 * ---------------------------------------------------------------------------------------------------- */

/* Whether a place reads f32: a fixed input, or an output of the graph. */
static bool reads_f32(const struct narrowing *n, const struct index_use *use)
{
    if (use->node >= n->graph->n_node)
        return true;
    const Onnx__NodeProto *node = n->old_nodes[use->node];
    struct fixed           fixed = find_fixed(node, n->opset);
    for (size_t i = 0; i < node->n_input; i++)
        if (&node->input[i] == use->slot)
            return has_bit(fixed.inputs, i);
    return false;
}

static size_t count_readers(const struct narrowing *n, const struct index_entry *entry, bool f32)
{
    size_t count = 0;
    for (size_t i = 0; i < entry->use_count; i++)
        count += reads_f32(n, &entry->uses[i]) == f32;
    return count;
}

/* Lets the readers of one kind (not outputs of the graph) read another value. */
static bsr_status redirect(struct narrowing *n, const struct index_entry *entry, bool f32, const char *name,
                           struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < entry->use_count; i++)
        if (entry->uses[i].node < n->graph->n_node && reads_f32(n, &entry->uses[i]) == f32)
            status = rename_later(n, entry->uses[i].slot, name, err);
    return status;
}

/* ---- weights
 * ---------------------------------------------------------------------------------------------------- */

enum { F16_MAX = 65504 };

/* Finite numbers stay finite. */
static bsr_status narrow_tensor(Onnx__TensorProto *tensor, struct bsr_error *err)
{
    struct bsr_tensor view = {0}, half = {0};
    void             *owned = NULL;
    bsr_status        status = tensor_view(&view, &owned, tensor, err);
    if (status != BSR_OK)
        return status;
    status = tensor_convert(&half, &view, BSR_F16, err);
    for (size_t i = 0; status == BSR_OK && i < tensor_count(&view); i++) {
        float value = ((const float *)view.data)[i];
        if (isfinite(value) && fabsf(value) > (float)F16_MAX)
            ((uint16_t *)half.data)[i] = f32_to_f16(copysignf((float)F16_MAX, value));
    }
    mem_free(owned);
    if (status == BSR_OK)
        status = tensor_assign(tensor, &half, err);
    tensor_free(&half);
    return status;
}

static bsr_status add_twin(struct narrowing *n, const Onnx__TensorProto *tensor, const char *name,
                           struct bsr_error *err)
{
    ProtobufCMessage *copy = NULL;
    bsr_status        status = message_copy(&copy, &tensor->base, err);
    if (status != BSR_OK)
        return status;
    Onnx__TensorProto *twin = (Onnx__TensorProto *)copy;
    status = message_set_text(&twin->name, name, err);
    if (status == BSR_OK)
        status = narrow_tensor(twin, err);
    if (status == BSR_OK)
        status = message_append(&n->graph->initializer, &n->graph->n_initializer, twin, err);
    if (status != BSR_OK)
        message_free(copy);
    return status;
}

/* Declared among the inputs (IR version 3), too. */
static void declare_f16(Onnx__ValueInfoProto **infos, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text_or_empty(infos[i]->name), name) == 0 && infos[i]->type &&
            infos[i]->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
            infos[i]->type->tensor_type->elem_type = BSR_F16;
}

static bsr_status narrow_weights(struct narrowing *n, struct bsr_error *err)
{
    size_t     count = n->graph->n_initializer;
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < count; i++) {
        Onnx__TensorProto        *tensor = n->graph->initializer[i];
        const struct index_entry *entry = index_find(n->index, text_or_empty(tensor->name));
        if (tensor->data_type != BSR_F32 || !entry || !count_readers(n, entry, false))
            continue;
        if (!count_readers(n, entry, true)) {
            status = narrow_tensor(tensor, err);
            declare_f16(n->graph->input, n->graph->n_input, tensor->name);
            continue;
        }
        struct twin_name twin = make_name(n, tensor->name, "f16");
        status = add_twin(n, tensor, twin.text, err);
        if (status == BSR_OK)
            status = redirect(n, entry, false, twin.text, err);
    }
    return status;
}

/* ---- values
 * ----------------------------------------------------------------------------------------------------- */

/* An f32 value (an input, or what is f32 by nature): its f16 readers read a Cast of it. */
static bsr_status serve_f16(struct narrowing *n, const struct index_entry *entry, struct bsr_error *err)
{
    if (!count_readers(n, entry, false))
        return BSR_OK;
    struct twin_name twin = make_name(n, entry->name, "f16");
    bsr_status       status = append_cast(n, entry->name, twin.text, BSR_F16, err);
    return status == BSR_OK ? redirect(n, entry, false, twin.text, err) : status;
}

/* A value that is f16 from now on: f32 readers read a Cast of it; an output of the graph keeps its name. */
static bsr_status serve_f32(struct narrowing *n, const struct index_entry *entry, struct bsr_error *err)
{
    char     **output = &n->old_nodes[entry->node]->output[entry->output];
    bsr_status status = BSR_OK;

    if (!count_readers(n, entry, true)) {
        declare_f16(n->graph->value_info, n->graph->n_value_info, entry->name);
        return BSR_OK;
    }
    if (!entry->is_output) {
        struct twin_name twin = make_name(n, entry->name, "f32");
        status = append_cast(n, entry->name, twin.text, BSR_F32, err);
        if (status == BSR_OK)
            status = redirect(n, entry, true, twin.text, err);
        declare_f16(n->graph->value_info, n->graph->n_value_info, entry->name);
        return status;
    }
    struct twin_name twin = make_name(n, entry->name, "f16");
    status = redirect(n, entry, false, twin.text, err);
    if (status == BSR_OK)
        status = append_cast(n, twin.text, entry->name, BSR_F32, err);
    return status == BSR_OK ? rename_later(n, output, twin.text, err) : status;
}

/* Whether a node's f32 outputs stay so: it is made for f32, or its type is an attribute that says f32. */
static bool makes_f32(const struct narrowing *n, const Onnx__NodeProto *node, size_t output)
{
    return has_bit(find_fixed(node, n->opset).outputs, output);
}

/* A constant that only f32 readers read stays; others are rounded. */
static bsr_status narrow_constant(struct narrowing *n, const Onnx__NodeProto *node, bool *stays,
                                  struct bsr_error *err)
{
    const Onnx__AttributeProto *value = node_attribute(node, "value");
    const struct index_entry   *entry = index_find(n->index, node->output[0]);

    *stays = !value || !value->t || (entry && !count_readers(n, entry, false));
    return *stays ? BSR_OK : narrow_tensor(value->t, err);
}

static void narrow_cast(const Onnx__NodeProto *node)
{
    for (size_t a = 0; node_is(node, "Cast") && a < node->n_attribute; a++)
        if (strcmp(text_or_empty(node->attribute[a]->name), "to") == 0 && node->attribute[a]->i == BSR_F32)
            node->attribute[a]->i = BSR_F16;
}

static bsr_status narrow_node(struct narrowing *n, const Onnx__NodeProto *node, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    bool       stays = false;

    for (size_t o = 0; status == BSR_OK && o < node->n_output; o++) {
        const struct index_entry *entry = index_find(n->index, node->output[o]);
        if (!entry || types_find(n->types, entry->name) != BSR_F32)
            continue;
        if (node_is(node, "Constant"))
            status = narrow_constant(n, node, &stays, err);
        else
            stays = makes_f32(n, node, o);
        narrow_cast(node);
        if (status == BSR_OK)
            status = stays ? serve_f16(n, entry, err) : serve_f32(n, entry, err);
    }
    return status;
}

static bsr_status narrow_graph(struct narrowing *n, struct bsr_error *err)
{
    bsr_status status = narrow_weights(n, err);

    for (int i = 0; status == BSR_OK && i < n->model->input_count; i++) {
        const struct index_entry *entry = index_find(n->index, text_or_empty(n->model->inputs[i]->name));
        if (entry && types_find(n->types, entry->name) == BSR_F32)
            status = serve_f16(n, entry, err);
    }
    for (size_t i = 0; status == BSR_OK && i < n->graph->n_node; i++) {
        status = message_append(&n->nodes, &n->node_count, n->old_nodes[i], err);
        if (status == BSR_OK)
            status = narrow_node(n, n->old_nodes[i], err);
    }
    return status;
}

/* ---- the whole
 * -------------------------------------------------------------------------------------------------- */

static bsr_status check_model(const struct onnx_model *model, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;

    if (model->proto->n_functions)
        return bsr_fail(err, BSR_EMODEL, model->name, "it has functions of its own; simplify it first");
    for (size_t i = 0; i < graph->n_node; i++)
        for (size_t a = 0; a < graph->node[i]->n_attribute; a++)
            if (graph->node[i]->attribute[a]->g || graph->node[i]->attribute[a]->n_graphs)
                return bsr_fail(err, BSR_EMODEL, model->name,
                                "node '%s' (%s) holds a graph of its own; simplify the model first",
                                shown_name(graph->node[i]->name).text,
                                shown_name(graph->node[i]->op_type).text);
    return BSR_OK;
}

/* A Cast stands right behind what it reads. */
static bsr_status replace_nodes(struct narrowing *n, struct bsr_error *err)
{
    n->old_nodes = n->graph->node;
    bsr_status status = narrow_graph(n, err);
    if (status != BSR_OK)
        return status;
    rename_now(n);
    mem_free(n->graph->node);
    n->graph->node = n->nodes;
    n->graph->n_node = n->node_count;
    return BSR_OK;
}

/* The Casts that were made, where the list that they are in came to nothing. */
static void drop_nodes(struct narrowing *n)
{
    for (size_t i = 0; i < n->node_count; i++) {
        bool old = false;
        for (size_t o = 0; !old && o < n->graph->n_node; o++)
            old = n->nodes[i] == n->graph->node[o];
        if (!old)
            message_free(&n->nodes[i]->base);
    }
    mem_free(n->nodes);
    for (size_t i = 0; i < n->renaming_count; i++)
        mem_free(n->renamings[i].text);
}

static bsr_status narrow_model(struct onnx_model *model, struct bsr_error *err)
{
    struct narrowing n = {.model = model, .graph = model->proto->graph, .opset = onnx_opset(model, "")};
    bsr_status       status = types_make(&n.types, model, err);

    if (status == BSR_OK)
        status = index_make(&n.index, n.graph, err);
    if (status == BSR_OK)
        status = replace_nodes(&n, err);
    if (status != BSR_OK)
        drop_nodes(&n);
    mem_free(n.renamings);
    index_free(n.index);
    types_free(n.types);
    return status;
}

bsr_status onnx_to_f16(struct onnx_model *model, struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    bsr_status         status = check_model(model, err);

    if (status == BSR_OK)
        status = onnx_model_copy(&copy, model, err);
    if (status == BSR_OK)
        status = narrow_model(copy, err);
    if (status == BSR_OK)
        status = model_index_inputs(copy, err);
    if (status == BSR_OK) {
        struct onnx_model swap = *model;
        *model = *copy;
        *copy = swap;
    }
    onnx_model_free(copy);
    return status;
}
