/* QuantizeLinear and DequantizeLinear put into a graph. */
#include "onnx/quantize.h"

#include "base/alloc.h"
#include "onnx/index.h"
#include "onnx/make.h"
#include "onnx/nodes.h"
#include "onnx/passes/rewrite.h"
#include "onnx/quantize_weights.h"
#include "onnx/tensors.h"

#include <stdio.h>
#include <string.h>

/* A name to be put in a place: at the end, since the index lives from the old names. */
struct renaming {
    char **slot;
    char  *text;
};

struct quantizing {
    struct onnx_model               *model; /* a copy, which may be left half-done */
    Onnx__GraphProto                *graph;
    const struct onnx_quantize_plan *plan;
    struct graph_index              *index;
    int                             *group_of; /* of each value of the index; -1: none */
    Onnx__NodeProto                **nodes;    /* the new list */
    size_t                           node_count, old_count;
    struct renaming                 *renamings;
    size_t                           renaming_count, renaming_capacity;
};

/* ---- names ------------------------------------------------------------------------------------------- */

struct made_name {
    char text[2 * ONNX_MAX_NAME];
};

/* "base_suffix", with a number where the graph has that already. */
static struct made_name make_name(const struct quantizing *q, const char *base, const char *suffix)
{
    struct made_name name;

    snprintf(name.text, sizeof name.text, "%.*s_%s", ONNX_MAX_NAME, base, suffix);
    for (int i = 2; index_find(q->index, name.text); i++)
        snprintf(name.text, sizeof name.text, "%.*s_%s_%d", ONNX_MAX_NAME, base, suffix, i);
    return name;
}

static bsr_status rename_later(struct quantizing *q, char **slot, const char *text, struct bsr_error *err)
{
    if (q->renaming_count == q->renaming_capacity) {
        size_t capacity = q->renaming_capacity ? q->renaming_capacity * 2 : 64;
        void  *grown = mem_resize(q->renamings, capacity, sizeof *q->renamings);
        if (!grown)
            return bsr_fail_memory(err, NULL, capacity * sizeof *q->renamings);
        q->renamings = grown;
        q->renaming_capacity = capacity;
    }
    char *copy = mem_copy_text(text);
    if (!copy)
        return bsr_fail_memory(err, NULL, strlen(text) + 1);
    q->renamings[q->renaming_count++] = (struct renaming){slot, copy};
    return BSR_OK;
}

static void rename_now(struct quantizing *q)
{
    for (size_t i = 0; i < q->renaming_count; i++) {
        mem_free(*q->renamings[i].slot);
        *q->renamings[i].slot = q->renamings[i].text;
    }
    q->renaming_count = 0;
}

/* ---- nodes ------------------------------------------------------------------------------------------- */

/* Takes the node over, also on failure. */
static bsr_status append_node(struct quantizing *q, Onnx__NodeProto *node, struct bsr_error *err)
{
    bsr_status status = message_append(&q->nodes, &q->node_count, node, err);
    if (status != BSR_OK)
        message_free(&node->base);
    return status;
}

/* output = op(x, scale, zero), along `axis` where that is not negative. */
static bsr_status append_linear(struct quantizing *q, const char *op, const char *const inputs[3],
                                const char *output, int axis, struct bsr_error *err)
{
    Onnx__NodeProto        *node = NULL;
    const struct node_parts parts = {
        .op = op, .name = output, .inputs = inputs, .outputs = &output, .input_count = 3, .output_count = 1};
    bsr_status status = node_make(&node, &parts, err);

    if (status != BSR_OK)
        return status;
    if (axis >= 0 && (status = node_add_int(node, "axis", axis, err)) != BSR_OK) {
        message_free(&node->base);
        return status;
    }
    return append_node(q, node, err);
}

/* ---- tensors between layers -------------------------------------------------------------------------- */

static struct made_name group_scale(const struct quantizing *q, int group)
{
    return make_name(q, q->plan->groups[group].tensors[0], "scale");
}

static struct made_name group_zero(const struct quantizing *q, int group)
{
    return make_name(q, q->plan->groups[group].tensors[0], "zero_point");
}

static bsr_status add_group(struct quantizing *q, int number, struct bsr_error *err)
{
    struct onnx_quantize_group group = q->plan->groups[number];
    const struct bsr_tensor    scale = {.data = &group.scale, .type = BSR_F32},
                            zero = {.data = &group.zero_point, .type = BSR_U8};
    bsr_status status = rewrite_add_initializer(q->graph, group_scale(q, number).text, &scale, err);

    return status == BSR_OK ? rewrite_add_initializer(q->graph, group_zero(q, number).text, &zero, err)
                            : status;
}

/* Appends the pair that rounds `value` as its group says; *rounded is the name of what it makes. `base` is
 * what the names begin with. */
static bsr_status append_pair(struct quantizing *q, const char *value, const char *base, int group,
                              struct made_name *rounded, struct bsr_error *err)
{
    struct made_name steps = make_name(q, base, "quantized"), scale = group_scale(q, group),
                     zero = group_zero(q, group);
    *rounded = make_name(q, base, "dequantized");
    bsr_status status = append_linear(q, "QuantizeLinear", (const char *[]){value, scale.text, zero.text},
                                      steps.text, -1, err);
    if (status == BSR_OK)
        status = append_linear(q, "DequantizeLinear", (const char *[]){steps.text, scale.text, zero.text},
                               rounded->text, -1, err);
    return status;
}

static bool is_quantized(const struct quantizing *q, const struct onnx_quantize_layer *layer)
{
    return layer->group >= 0 && q->plan->groups[layer->group].known;
}

/* The layer that a node is, or NULL. */
static const struct onnx_quantize_layer *layer_of(const struct quantizing *q, const Onnx__NodeProto *node)
{
    for (int i = 0; node->n_output && i < q->plan->layer_count; i++)
        if (strcmp(q->plan->layers[i].output, node->output[0]) == 0)
            return &q->plan->layers[i];
    return NULL;
}

/* Layers that stay f32 read what was before the rounding; so does what asks for a shape only. */
static bool reads_rounded(const struct quantizing *q, const struct index_use *use)
{
    if (use->node >= q->old_count)
        return false;
    const Onnx__NodeProto            *node = q->graph->node[use->node];
    const struct onnx_quantize_layer *layer = layer_of(q, node);

    return layer ? is_quantized(q, layer) : !node_is(node, "Shape") && !node_is(node, "Size");
}

static bsr_status round_value(struct quantizing *q, const char *name, struct bsr_error *err)
{
    const struct index_entry *entry = index_find(q->index, name);
    struct made_name          rounded;
    int                       group = entry ? q->group_of[entry - q->index->entries] : -1;

    if (group < 0)
        return BSR_OK;
    bsr_status status = append_pair(q, name, name, group, &rounded, err);
    for (size_t i = 0; status == BSR_OK && i < entry->use_count; i++)
        if (reads_rounded(q, &entry->uses[i]))
            status = rename_later(q, entry->uses[i].slot, rounded.text, err);
    return status;
}

/* ---- layers ------------------------------------------------------------------------------------------ */

/* Conv keeps its output channels first; a product of matrices has them in its columns, unless they are
 * turned.
 */
static int channel_axis(const Onnx__NodeProto *node)
{
    const Onnx__AttributeProto *turned = node_attribute(node, "transB");
    return node_is(node, "Conv") || (node_is(node, "Gemm") && turned && turned->i) ? 0 : 1;
}

/* The names of a layer's constants begin with that of the constant, or, where others read it too, with the
 * layer's output. */
static struct made_name constant_base(const struct quantizing *q, const Onnx__NodeProto *node, size_t input)
{
    const struct index_entry *entry = index_find(q->index, node->input[input]);
    struct made_name          base;

    if (entry && entry->use_count == 1)
        snprintf(base.text, sizeof base.text, "%s", node->input[input]);
    else
        snprintf(base.text, sizeof base.text, "%s_%s", node->output[0], input == 1 ? "weight" : "bias");
    return base;
}

/* Adds the constants and the node that makes f32 of them; *rounded is the name of what it makes. */
static bsr_status add_constant(struct quantizing *q, const char *base, const struct bsr_tensor *values,
                               const struct bsr_tensor *scales, const struct bsr_tensor *zeros, int axis,
                               struct made_name *rounded, struct bsr_error *err)
{
    struct made_name steps = make_name(q, base, "quantized"), scale = make_name(q, base, "scale"),
                     zero = make_name(q, base, "zero_point");
    *rounded = make_name(q, base, "dequantized");
    bsr_status status = rewrite_add_initializer(q->graph, steps.text, values, err);
    if (status == BSR_OK)
        status = rewrite_add_initializer(q->graph, scale.text, scales, err);
    if (status == BSR_OK)
        status = rewrite_add_initializer(q->graph, zero.text, zeros, err);
    if (status == BSR_OK)
        status = append_linear(q, "DequantizeLinear", (const char *[]){steps.text, scale.text, zero.text},
                               rounded->text, axis, err);
    return status;
}

/* A bias that is a constant of a number a channel; *bias is without data where it is none. */
static bsr_status view_bias(struct bsr_tensor *bias, void **owned, const struct quantizing *q,
                            const Onnx__NodeProto *node, int64_t channels, struct bsr_error *err)
{
    const Onnx__TensorProto *constant =
        node->n_input > 2 ? index_initializer(q->index, node_input(node, 2)) : NULL;
    bsr_status status = constant ? tensor_view(bias, owned, constant, err) : BSR_OK;

    if (status == BSR_OK && (bias->type != BSR_F32 || bias->dims != 1 || bias->shape[0] != channels))
        bias->data = NULL;
    return status;
}

/* The names of what a layer reads instead of its constants; "": as before. */
struct rounded_constants {
    struct made_name weights, bias;
};

static bsr_status add_constants(struct quantizing *q, const Onnx__NodeProto *node, const char *base,
                                float input_scale, struct rounded_constants *out, struct bsr_error *err)
{
    struct quantized_weights made = {.values = {.data = NULL}};
    struct bsr_tensor        weights = {.data = NULL}, bias = {.data = NULL};
    void                    *owned[2] = {NULL, NULL};
    int                      axis = channel_axis(node);
    bsr_status status = tensor_view(&weights, &owned[0], index_initializer(q->index, node->input[1]), err);

    out->bias.text[0] = '\0';
    if (status == BSR_OK)
        status = view_bias(&bias, &owned[1], q, node, weights.shape[axis], err);
    if (status == BSR_OK)
        status = quantize_weights(&made, &weights, axis, bias.data ? &bias : NULL, input_scale, err);
    struct made_name name = base ? make_name(q, base, "weight") : constant_base(q, node, 1);
    if (status == BSR_OK)
        status =
            add_constant(q, name.text, &made.values, &made.scales, &made.zeros, axis, &out->weights, err);
    if (status == BSR_OK && bias.data) {
        name = base ? make_name(q, base, "bias") : constant_base(q, node, 2);
        status =
            add_constant(q, name.text, &made.bias, &made.bias_scales, &made.bias_zeros, 0, &out->bias, err);
    }
    quantized_weights_free(&made);
    mem_free(owned[0]);
    mem_free(owned[1]);
    return status;
}

static bsr_status quantize_layer(struct quantizing *q, const Onnx__NodeProto *node,
                                 const struct onnx_quantize_layer *layer, struct bsr_error *err)
{
    struct rounded_constants made;
    bsr_status status = add_constants(q, node, NULL, q->plan->groups[layer->group].scale, &made, err);

    if (status == BSR_OK)
        status = rename_later(q, &node->input[1], made.weights.text, err);
    if (status == BSR_OK && *made.bias.text)
        status = rename_later(q, &node->input[2], made.bias.text, err);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static bsr_status find_groups(struct quantizing *q, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    q->group_of = mem_alloc_zeroed(q->index->count + 1, sizeof *q->group_of);
    if (!q->group_of)
        return bsr_fail_memory(err, q->model->name, q->index->count * sizeof *q->group_of);
    for (size_t i = 0; i < q->index->count; i++)
        q->group_of[i] = -1;
    for (int g = 0; status == BSR_OK && g < q->plan->group_count; g++) {
        const struct onnx_quantize_group *group = &q->plan->groups[g];
        for (int t = 0; group->known && t < group->count; t++) {
            const struct index_entry *entry = index_find(q->index, group->tensors[t]);
            if (entry)
                q->group_of[entry - q->index->entries] = g;
        }
        if (group->known)
            status = add_group(q, g, err);
    }
    return status;
}

static bsr_status round_inputs(struct quantizing *q, struct bsr_error *err)
{
    bsr_status status = BSR_OK;
    for (int i = 0; status == BSR_OK && i < q->model->input_count; i++)
        status = round_value(q, text_or_empty(q->model->inputs[i]->name), err);
    return status;
}

/* Each pair stands right behind what it rounds, constants right before who reads them. */
static bsr_status quantize_nodes(struct quantizing *q, struct bsr_error *err)
{
    bsr_status status = round_inputs(q, err);

    for (size_t i = 0; status == BSR_OK && i < q->old_count; i++) {
        Onnx__NodeProto                  *node = q->graph->node[i];
        const struct onnx_quantize_layer *layer = layer_of(q, node);
        if (layer && is_quantized(q, layer))
            status = quantize_layer(q, node, layer, err);
        if (status == BSR_OK)
            status = message_append(&q->nodes, &q->node_count, node, err);
        for (size_t o = 0; status == BSR_OK && o < node->n_output; o++)
            status = round_value(q, node->output[o], err);
    }
    return status;
}

/* A copy of a layer that reads its input and constants rounded. */
static bsr_status append_twin(struct quantizing *q, const Onnx__NodeProto *node,
                              const struct onnx_quantize_layer *layer, char **twin, struct bsr_error *err)
{
    struct made_name         base = make_name(q, layer->output, "twin"), input;
    struct rounded_constants made;
    ProtobufCMessage        *copy = NULL;
    bsr_status               status = append_pair(q, layer->input, base.text, layer->group, &input, err);

    if (status == BSR_OK)
        status = add_constants(q, node, base.text, q->plan->groups[layer->group].scale, &made, err);
    if (status == BSR_OK)
        status = message_copy(&copy, &node->base, err);
    if (status != BSR_OK)
        return status;
    Onnx__NodeProto *other = (Onnx__NodeProto *)copy;
    status = message_set_text(&other->name, base.text, err);
    if (status == BSR_OK)
        status = message_set_text(&other->output[0], base.text, err);
    if (status == BSR_OK)
        status = message_set_text(&other->input[0], input.text, err);
    if (status == BSR_OK)
        status = message_set_text(&other->input[1], made.weights.text, err);
    if (status == BSR_OK && *made.bias.text)
        status = message_set_text(&other->input[2], made.bias.text, err);
    if (status != BSR_OK) {
        message_free(copy);
        return status;
    }
    status = append_node(q, other, err);
    *twin = status == BSR_OK ? mem_copy_text(base.text) : NULL;
    return status == BSR_OK && !*twin ? bsr_fail_memory(err, NULL, strlen(base.text)) : status;
}

/* The list that is there stays as it is, twins come after all. */
static bsr_status add_twins(struct quantizing *q, int first, int last, char **twins, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < q->old_count; i++)
        status = message_append(&q->nodes, &q->node_count, q->graph->node[i], err);
    for (int i = first; status == BSR_OK && i < last; i++) {
        const struct onnx_quantize_layer *layer = &q->plan->layers[i];
        const Onnx__NodeProto            *node = index_producer(q->index, layer->output);
        if (node && is_quantized(q, layer))
            status = append_twin(q, node, layer, &twins[i - first], err);
    }
    return status;
}

/* What was made, where the list that it is in came to nothing. */
static void drop_nodes(struct quantizing *q)
{
    for (size_t i = 0; i < q->node_count; i++) {
        bool old = false;
        for (size_t o = 0; !old && o < q->old_count; o++)
            old = q->nodes[i] == q->graph->node[o];
        if (!old)
            message_free(&q->nodes[i]->base);
    }
    mem_free(q->nodes);
    for (size_t i = 0; i < q->renaming_count; i++)
        mem_free(q->renamings[i].text);
}

static void put_nodes(struct quantizing *q)
{
    rename_now(q);
    mem_free(q->graph->node);
    q->graph->node = q->nodes;
    q->graph->n_node = q->node_count;
}

static void remove_input_of(Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = graph->n_input; i-- > 0;)
        if (strcmp(text_or_empty(graph->input[i]->name), name) == 0)
            graph_remove_input_at(graph, i);
}

/* f32 constants that nothing reads any more; old models declare them as inputs, too. */
static bsr_status remove_unread(struct onnx_model *model, struct bsr_error *err)
{
    Onnx__GraphProto   *graph = model->proto->graph;
    struct graph_index *index = NULL;
    bsr_status          status = index_make(&index, graph, err);
    bool               *unread = mem_alloc_zeroed(graph->n_initializer + 1, sizeof *unread);

    if (status == BSR_OK && !unread)
        status = bsr_fail_memory(err, NULL, graph->n_initializer);
    for (size_t i = 0; status == BSR_OK && i < graph->n_initializer; i++)
        unread[i] = !index_use_count(index, text_or_empty(graph->initializer[i]->name));
    index_free(index);
    for (size_t i = status == BSR_OK ? graph->n_initializer : 0; i-- > 0;) {
        if (!unread[i])
            continue;
        remove_input_of(graph, text_or_empty(graph->initializer[i]->name));
        message_remove(&graph->initializer, &graph->n_initializer, i);
    }
    mem_free(unread);
    return status;
}

static bsr_status rewrite(struct onnx_model *copy, const struct onnx_quantize_plan *plan, int first, int last,
                          char **twins, struct bsr_error *err)
{
    struct quantizing q = {.model = copy, .graph = copy->proto->graph, .plan = plan};
    q.old_count = q.graph->n_node;
    bsr_status status = index_make(&q.index, q.graph, err);

    if (status == BSR_OK)
        status = find_groups(&q, err);
    if (status == BSR_OK)
        status = twins ? add_twins(&q, first, last, twins, err) : quantize_nodes(&q, err);
    if (status == BSR_OK)
        put_nodes(&q);
    else
        drop_nodes(&q);
    mem_free(q.renamings);
    mem_free(q.group_of);
    index_free(q.index);
    if (status == BSR_OK && !twins)
        status = remove_unread(copy, err);
    return status == BSR_OK ? model_index_inputs(copy, err) : status;
}

bsr_status onnx_quantize_apply(struct onnx_model *model, const struct onnx_quantize_plan *plan,
                               struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    bsr_status         status = onnx_model_copy(&copy, model, err);

    if (status == BSR_OK)
        status = rewrite(copy, plan, 0, 0, NULL, err);
    if (status == BSR_OK)
        rewrite_swap_models(model, copy);
    onnx_model_free(copy);
    return status;
}

static bsr_status add_outputs(struct onnx_model *model, const struct onnx_quantize_plan *plan, int first,
                              int last, char *const *twins, struct bsr_error *err)
{
    const char **names = mem_alloc_zeroed(2 * (size_t)(last - first) + 1, sizeof *names);
    int          count = 0;

    if (!names)
        return bsr_fail_memory(err, NULL, (size_t)(last - first) * sizeof *names);
    for (int i = first; i < last; i++)
        if (twins[i - first]) {
            names[count++] = plan->layers[i].output;
            names[count++] = twins[i - first];
        }
    bsr_status status = onnx_add_outputs(model, names, count, err);
    mem_free((void *)names);
    return status;
}

bsr_status onnx_quantize_twins(struct onnx_model *model, const struct onnx_quantize_plan *plan, int first,
                               int last, char **twins, struct bsr_error *err)
{
    struct onnx_model *copy = NULL;
    bsr_status         status = onnx_model_copy(&copy, model, err);

    for (int i = first; i < last; i++)
        twins[i - first] = NULL;
    if (status == BSR_OK)
        status = rewrite(copy, plan, first, last, twins, err);
    if (status == BSR_OK)
        status = add_outputs(copy, plan, first, last, twins, err);
    if (status == BSR_OK)
        rewrite_swap_models(model, copy);
    onnx_model_free(copy);
    for (int i = first; status != BSR_OK && i < last; i++) {
        mem_free(twins[i - first]);
        twins[i - first] = NULL;
    }
    return status;
}
