/* Which layers can be quantised, and which tensors have to share a scale for it. */
#include "onnx/quantize.h"

#include "base/alloc.h"
#include "onnx/graph.h"
#include "onnx/index.h"
#include "onnx/nodes.h"
#include "onnx/types.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct planning {
    const struct onnx_model         *model;
    const struct onnx_quantize_keep *keep;
    int                              keep_count;
    struct graph_index              *index;
    struct graph_types              *types;
    size_t                          *parent; /* of a value, by its number: the tree of its group */
    size_t                          *queue;  /* values marked, in the order in which they were */
    size_t                           queued;
    bool                            *marked; /* is to be quantised */
    bool                            *moved;  /* its numbers come from others of its group */
    struct onnx_quantize_plan        plan;
};

/* ---- layers ------------------------------------------------------------------------------------------ */

static bool is_layer(const Onnx__NodeProto *node)
{
    return node_is(node, "Conv") || node_is(node, "Gemm") || node_is(node, "MatMul");
}

static bool is_constant(const struct planning *p, const char *name)
{
    const struct index_entry *entry = index_find(p->index, name);
    const Onnx__NodeProto    *maker = index_producer(p->index, name);

    return entry && ((entry->initializer != SIZE_MAX && entry->input == SIZE_MAX) ||
                     (maker && node_is(maker, "Constant")));
}

static bool has_usual_factors(const Onnx__NodeProto *node)
{
    const Onnx__AttributeProto *alpha = node_attribute(node, "alpha"), *beta = node_attribute(node, "beta");
    return (!alpha || alpha->f == 1.0F) && (!beta || beta->f == 1.0F);
}

static const char *kept_because(const struct planning *p, const char *name, const char *output)
{
    for (int i = 0; i < p->keep_count; i++)
        if (strcmp(p->keep[i].layer, name) == 0 || strcmp(p->keep[i].layer, output) == 0)
            return p->keep[i].why;
    return NULL;
}

/* Why a layer can't be quantised; NULL: it can. */
static const char *find_hindrance(const struct planning *p, const Onnx__NodeProto *node)
{
    const Onnx__TensorProto *weights = index_initializer(p->index, node_input(node, 1));
    size_t                   least = node_is(node, "Conv") ? 3 : 2;

    if (types_find(p->types, node_input(node, 0)) != BSR_F32)
        return "its input is not known to be f32";
    if (!weights || !is_constant(p, node_input(node, 1)))
        return "its weights are no constant";
    if (weights->data_type != BSR_F32)
        return "its weights are not f32";
    if (weights->n_dims < least || weights->n_dims > BSR_MAX_DIMS || (least == 2 && weights->n_dims != 2))
        return "its weights are of another shape than it takes";
    if (node_is(node, "Gemm") && !has_usual_factors(node))
        return "it has factors of its own (alpha, beta)";
    return NULL;
}

static bsr_status add_layer(struct planning *p, const Onnx__NodeProto *node, struct bsr_error *err)
{
    struct onnx_quantize_layer *layer = &p->plan.layers[p->plan.layer_count++];
    const char                 *output = node->output[0];
    const char                 *name = *text_or_empty(node->name) ? node->name : output;
    const char                 *why = find_hindrance(p, node);

    why = why ? why : kept_because(p, name, output);
    *layer = (struct onnx_quantize_layer){.name = mem_copy_text(name),
                                          .op = mem_copy_text(node->op_type),
                                          .input = mem_copy_text(node_input(node, 0)),
                                          .output = mem_copy_text(output),
                                          .group = -1,
                                          .why = why ? mem_copy_text(why) : NULL};
    if (!layer->name || !layer->op || !layer->input || !layer->output || (why && !layer->why))
        return bsr_fail_memory(err, p->model->name, sizeof *layer);
    return BSR_OK;
}

static bsr_status list_layers(struct planning *p, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = p->model->proto->graph;
    bsr_status              status = BSR_OK;

    p->plan.layers = mem_alloc_zeroed(graph->n_node + 1, sizeof *p->plan.layers);
    if (!p->plan.layers)
        return bsr_fail_memory(err, p->model->name, graph->n_node * sizeof *p->plan.layers);
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        if (is_layer(node) && node->n_output && *node->output[0] && !is_constant(p, node_input(node, 0)))
            status = add_layer(p, node, err);
    }
    return status;
}

/* ---- groups ------------------------------------------------------------------------------------------ */

static size_t root_of(struct planning *p, size_t value)
{
    while (p->parent[value] != value)
        value = p->parent[value] = p->parent[p->parent[value]];
    return value;
}

static void mark(struct planning *p, size_t value)
{
    if (!p->marked[value])
        p->queue[p->queued++] = value;
    p->marked[value] = true;
}

static bool is_nearest(const Onnx__NodeProto *node)
{
    const Onnx__AttributeProto *mode = node_attribute(node, "mode");
    return !mode || (mode->s.len == 7 && memcmp(mode->s.data, "nearest", 7) == 0);
}

/* How many of its inputs a node hands on, as they are, to its outputs: numbers are chosen, repeated and put
 * side by side, but none is computed. */
static size_t moved_inputs(const Onnx__NodeProto *node)
{
    static const char *const ops[] = {"DepthToSpace", "Expand",    "Flatten",      "Gather", "Identity",
                                      "Reshape",      "Slice",     "SpaceToDepth", "Split",  "Squeeze",
                                      "Tile",         "Transpose", "Unsqueeze"};

    if (node_is(node, "Concat"))
        return node->n_input;
    if (node_is(node, "MaxPool"))
        return node->n_output == 1;
    if (node_is(node, "Resize") || node_is(node, "Upsample"))
        return is_nearest(node);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (node_is(node, ops[i]))
            return 1;
    return 0;
}

/* The inputs of the node that makes a value join the group of the value, where they have its numbers. */
static void cross(struct planning *p, size_t value)
{
    const struct index_entry *entry = &p->index->entries[value];
    const Onnx__NodeProto    *node = index_producer(p->index, entry->name);
    size_t                    count = node ? moved_inputs(node) : 0;

    for (size_t i = 0; i < count; i++)
        if (!*node_input(node, i) || is_constant(p, node_input(node, i)) ||
            !index_find(p->index, node_input(node, i)))
            return; /* what a constant adds to the range is not asked for: it starts anew here */
    for (size_t i = 0; i < count; i++) {
        size_t from = (size_t)(index_find(p->index, node_input(node, i)) - p->index->entries);
        mark(p, from);
        p->parent[root_of(p, from)] = root_of(p, value);
        p->moved[value] = true;
    }
}

static bsr_status find_groups(struct planning *p, struct bsr_error *err)
{
    size_t count = p->index->count + 1;

    p->parent = mem_alloc_zeroed(count, sizeof *p->parent);
    p->queue = mem_alloc_zeroed(count, sizeof *p->queue);
    p->marked = mem_alloc_zeroed(count, sizeof *p->marked);
    p->moved = mem_alloc_zeroed(count, sizeof *p->moved);
    if (!p->parent || !p->queue || !p->marked || !p->moved)
        return bsr_fail_memory(err, p->model->name, count * sizeof *p->parent);
    for (size_t i = 0; i < count; i++)
        p->parent[i] = i;
    for (int i = 0; i < p->plan.layer_count; i++)
        if (!p->plan.layers[i].why)
            mark(p, (size_t)(index_find(p->index, p->plan.layers[i].input) - p->index->entries));
    for (size_t i = 0; i < p->queued; i++)
        cross(p, p->queue[i]);
    return BSR_OK;
}

static bsr_status add_tensor(struct onnx_quantize_group *group, const char *name, struct bsr_error *err)
{
    char **tensors = mem_resize(group->tensors, (size_t)group->count + 1, sizeof *tensors);
    if (!tensors)
        return bsr_fail_memory(err, NULL, sizeof *tensors);
    group->tensors = tensors;
    tensors[group->count] = mem_copy_text(name);
    if (!tensors[group->count])
        return bsr_fail_memory(err, NULL, strlen(name));
    group->count++;
    return BSR_OK;
}

/* Groups are numbered in the order in which layers first read them; sources come first. */
static bsr_status list_groups(struct planning *p, struct bsr_error *err)
{
    size_t *number = mem_alloc_zeroed(p->index->count + 1, sizeof *number); /* of a root: its group's + 1 */
    bsr_status status = BSR_OK;

    p->plan.groups = mem_alloc_zeroed(p->queued + 1, sizeof *p->plan.groups);
    if (!number || !p->plan.groups) {
        mem_free(number);
        return bsr_fail_memory(err, p->model->name, p->queued * sizeof *p->plan.groups);
    }
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; status == BSR_OK && i < p->queued; i++) {
            size_t root = root_of(p, p->queue[i]);
            if (!number[root])
                number[root] = (size_t)++p->plan.group_count;
            struct onnx_quantize_group *group = &p->plan.groups[number[root] - 1];
            if (p->moved[p->queue[i]] == (pass == 1))
                status = add_tensor(group, p->index->entries[p->queue[i]].name, err);
            group->sources = pass == 0 ? group->count : group->sources;
        }
    for (int i = 0; status == BSR_OK && i < p->plan.layer_count; i++) {
        struct onnx_quantize_layer *layer = &p->plan.layers[i];
        if (!layer->why)
            layer->group =
                (int)number[root_of(p, (size_t)(index_find(p->index, layer->input) - p->index->entries))] - 1;
    }
    mem_free(number);
    return status;
}

bsr_status onnx_quantize_plan(struct onnx_quantize_plan *out, const struct onnx_model *model,
                              const struct onnx_quantize_keep *keep, int keep_count, struct bsr_error *err)
{
    struct planning p = {.model = model, .keep = keep, .keep_count = keep_count};
    bsr_status      status = index_make(&p.index, model->proto->graph, err);

    if (status == BSR_OK)
        status = types_make(&p.types, model, err);
    if (status == BSR_OK)
        status = list_layers(&p, err);
    if (status == BSR_OK)
        status = find_groups(&p, err);
    if (status == BSR_OK)
        status = list_groups(&p, err);
    types_free(p.types);
    index_free(p.index);
    mem_free(p.parent);
    mem_free(p.queue);
    mem_free(p.marked);
    mem_free(p.moved);
    if (status == BSR_OK)
        *out = p.plan;
    else
        onnx_quantize_plan_free(&p.plan);
    return status;
}

void onnx_quantize_plan_free(struct onnx_quantize_plan *plan)
{
    for (int i = 0; i < plan->layer_count; i++) {
        mem_free(plan->layers[i].name);
        mem_free(plan->layers[i].op);
        mem_free(plan->layers[i].input);
        mem_free(plan->layers[i].output);
        mem_free(plan->layers[i].why);
    }
    for (int i = 0; i < plan->group_count; i++) {
        for (int k = 0; k < plan->groups[i].count; k++)
            mem_free(plan->groups[i].tensors[k]);
        mem_free(plan->groups[i].tensors);
    }
    mem_free(plan->layers);
    mem_free(plan->groups);
    *plan = (struct onnx_quantize_plan){0};
}

int onnx_quantize_find(const struct onnx_quantize_plan *plan, const char *layer)
{
    for (int i = 0; i < plan->layer_count; i++)
        if (strcmp(plan->layers[i].name, layer) == 0 || strcmp(plan->layers[i].output, layer) == 0)
            return i;
    return -1;
}

/* ---- ranges ------------------------------------------------------------------------------------------ */

enum { LAST = UINT8_MAX };

void onnx_quantize_set_range(struct onnx_quantize_group *group, double least, double most)
{
    least = fmax(fmin(least, 0), -(double)FLT_MAX / 2);
    most = fmin(fmax(most, 0), (double)FLT_MAX / 2);
    float scale = (float)((most - least) / LAST);
    bool  usable = isnormal(scale);

    group->scale = usable ? scale : 1.0F;
    group->zero_point = usable ? (uint8_t)fmin(fmax(nearbyint(-least / (double)scale), 0), LAST) : 0;
    group->known = true;
}

const char *onnx_quantize_find_quantized(const struct onnx_model *model, char space[288])
{
    static const char *const ops[] = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
                                      "QLinearConv",    "QLinearMatMul",    "ConvInteger",
                                      "MatMulInteger"};
    const Onnx__GraphProto  *graph = model->proto->graph;

    for (size_t i = 0; i < graph->n_node; i++)
        for (size_t k = 0; k < sizeof ops / sizeof *ops; k++)
            if (node_is(graph->node[i], ops[k])) {
                struct node_text text = node_text(graph->node[i]);
                memcpy(space, text.text, sizeof text.text);
                return space;
            }
    return NULL;
}
