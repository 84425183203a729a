/* OpenCV's importer reads some operators only as older opsets wrote them. What it makes of the newer forms
 * (seen on Debian 12's 4.6.0; 4.7 and later read the older form of all of these, too):
 *
 *   Split        sizes as an input: parts of equal size, silently
 *   Reduce*      axes as an input: all axes, silently (ReduceSum: refused)
 *   Squeeze      axes as an input, or none: refused
 *   Unsqueeze    several axes: refused
 *   Clip         bounds as inputs: refused
 *   Conv         without kernel_shape, which the weights have, too: refused
 *
 * All of these are written here as attributes (several axes: as a Reshape), which besra's own operators read
 * at any opset. What OpenCV can't do at all is left to them. */
#include "onnx/passes/passes.h"

#include "base/alloc.h"
#include "onnx/messages.h"
#include "onnx/nodes.h"
#include "onnx/passes/rewrite.h"
#include "onnx/tensors.h"

#include <math.h>
#include <string.h>

static const char pass_name[] = "lower-for-opencv";

enum { MOST_PARTS = 256 };

struct lowering {
    struct onnx_model                 *model;
    const struct onnx_prepare_options *options;
    struct graph_index                *index;
    struct onnx_values                *values; /* NULL until asked for */
    struct onnx_changes               *changes;
    bool                               changed;
};

/* Whole numbers out of a constant. */
struct list {
    int64_t values[MOST_PARTS];
    int     count;
};

/* Looks at the constant behind a name; *out has data NULL when it is none. */
static bsr_status view_constant(struct bsr_tensor *out, void **owned, const struct lowering *lowering,
                                const char *name, struct bsr_error *err)
{
    const Onnx__NodeProto   *producer = index_producer(lowering->index, name);
    const Onnx__TensorProto *weight = index_initializer(lowering->index, name);

    *out = (struct bsr_tensor){.data = NULL};
    *owned = NULL;
    if (weight)
        return tensor_view(out, owned, weight, err);
    if (producer && node_is(producer, "Constant"))
        return constant_view(out, owned, producer, err);
    return BSR_OK;
}

static bsr_status read_list(struct list *list, bool *found, const struct lowering *lowering, const char *name,
                            struct bsr_error *err)
{
    struct bsr_tensor tensor;
    void             *owned;
    bsr_status        status = view_constant(&tensor, &owned, lowering, name, err);

    *found = status == BSR_OK && tensor.data && (tensor.type == BSR_I64 || tensor.type == BSR_I32) &&
             tensor.dims <= 1 && tensor_count(&tensor) <= MOST_PARTS;
    list->count = *found ? (int)tensor_count(&tensor) : 0;
    for (int i = 0; i < list->count; i++)
        list->values[i] = tensor_get_int(&tensor, (size_t)i);
    mem_free(owned);
    return status;
}

/* Type and shape of a tensor, or NULL where they are not known. Infers once. */
static bsr_status find_shape(const struct bsr_tensor **out, struct lowering *lowering, const char *name,
                             struct bsr_error *err)
{
    const struct onnx_prepare_options *options = lowering->options;
    bsr_status                         status = BSR_OK;

    *out = NULL;
    if (!lowering->values)
        status = onnx_infer(&lowering->values, lowering->model, options->chosen, options->chosen_count, err);
    if (status == BSR_OK)
        *out = onnx_values_find(lowering->values, name);
    return status;
}

/* Forgets inputs behind the first `count`. */
static void keep_inputs(Onnx__NodeProto *node, size_t count)
{
    while (node->n_input > count)
        mem_free(node->input[--node->n_input]);
}

static bsr_status note(struct lowering *lowering, const Onnx__NodeProto *node, const char *text,
                       struct bsr_error *err)
{
    lowering->changed = true;
    return onnx_changes_add(lowering->changes, err, pass_name, node_text(node).text, "%s", text);
}

/* Writes a list as an attribute in the place of input 1. */
static bsr_status put_list(struct lowering *lowering, Onnx__NodeProto *node, const char *attribute,
                           const struct list *list, const char *text, struct bsr_error *err)
{
    bsr_status status = note(lowering, node, text, err);

    if (status == BSR_OK)
        status = rewrite_set_ints(node, attribute, list->values, list->count, err);
    if (status == BSR_OK)
        keep_inputs(node, 1);
    return status;
}

/* ---- one function an operator ----------------------------------------------------------------- */

/* From opset 18 on the last of num_outputs parts may be smaller. */
static bsr_status lower_uneven_split(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    const Onnx__AttributeProto *axis = node_attribute(node, "axis");
    const struct bsr_tensor    *in = NULL;
    int64_t                     at = axis ? axis->i : 0, parts = (int64_t)node->n_output;
    struct list                 list = {.count = (int)node->n_output};
    bsr_status                  status = find_shape(&in, lowering, node_input(node, 0), err);

    if (status != BSR_OK || !in || parts < 2 || parts > MOST_PARTS || at < -in->dims || at >= in->dims)
        return status;
    int64_t side = in->shape[at < 0 ? at + in->dims : at];
    int64_t part = side / parts + (side % parts != 0);
    if (side % parts == 0 || part * (parts - 1) > side)
        return BSR_OK;
    for (int64_t i = 0; i < parts; i++)
        list.values[i] = i + 1 < parts ? part : side - part * (parts - 1);
    status = put_list(lowering, node, "split", &list, "has sizes for its uneven parts now", err);
    if (status == BSR_OK)
        rewrite_remove_attribute(node, "num_outputs");
    return status;
}

static bsr_status lower_split(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    struct list list;
    bool        found = false;

    if (!*node_input(node, 1))
        return node_attribute(node, "num_outputs") ? lower_uneven_split(lowering, node, err) : BSR_OK;
    bsr_status status = read_list(&list, &found, lowering, node->input[1], err);
    if (status != BSR_OK || !found || (size_t)list.count != node->n_output)
        return status;
    return put_list(lowering, node, "split", &list, "has its sizes as an attribute now", err);
}

/* No axes at all mean "all" (an empty list too, unless noop_with_empty_axes): left to besra's operators where
 * there is a list that says so. */
static bsr_status lower_reduce(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    struct list list;
    bool        found = false;

    if (!*node_input(node, 1))
        return BSR_OK;
    bsr_status status = read_list(&list, &found, lowering, node->input[1], err);
    if (status != BSR_OK || !found || !list.count)
        return status;
    return put_list(lowering, node, "axes", &list, "has its axes as an attribute now", err);
}

/* The axes of side 1. */
static bsr_status all_axes_of_one(struct list *list, bool *found, struct lowering *lowering,
                                  const Onnx__NodeProto *node, struct bsr_error *err)
{
    const struct bsr_tensor *in = NULL;
    bsr_status               status = find_shape(&in, lowering, node_input(node, 0), err);

    list->count = 0;
    for (int i = 0; in && i < in->dims; i++)
        if (in->shape[i] == 1)
            list->values[list->count++] = i;
    *found = in && list->count;
    return status;
}

static bsr_status lower_squeeze(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    struct list list;
    bool        found = false;
    bsr_status  status;

    if (node_attribute(node, "axes"))
        return BSR_OK;
    if (*node_input(node, 1))
        status = read_list(&list, &found, lowering, node->input[1], err);
    else
        status = all_axes_of_one(&list, &found, lowering, node, err);
    if (status != BSR_OK || !found || !list.count)
        return status;
    return put_list(lowering, node, "axes", &list, "has its axes as an attribute now", err);
}

/* A Reshape to the shape that was inferred. */
static bsr_status reshape_instead(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    const struct bsr_tensor *result = NULL;
    char                    *name = NULL;
    bsr_status               status = find_shape(&result, lowering, node->output[0], err);

    if (status != BSR_OK || !result)
        return status;
    int64_t           sides[BSR_MAX_DIMS];
    struct bsr_tensor shape = {.data = sides, .type = BSR_I64, .dims = 1, .shape = {result->dims}};
    for (int i = 0; i < result->dims; i++) {
        sides[i] = result->shape[i];
        if (!sides[i])
            return BSR_OK; /* 0 means "as it was" in a Reshape */
    }
    status = rewrite_new_name(&name, lowering->index, node->output[0], "shape", err);
    if (status == BSR_OK)
        status = note(lowering, node, "is a Reshape now: it has several axes", err);
    if (status == BSR_OK)
        status = rewrite_add_initializer(lowering->model->proto->graph, name, &shape, err);
    if (status == BSR_OK)
        status = rewrite_set_type(node, "Reshape", err);
    if (status == BSR_OK) {
        rewrite_remove_attribute(node, "axes");
        keep_inputs(node, 1);
        status = message_append(&node->input, &node->n_input, name, err);
    }
    if (status != BSR_OK)
        mem_free(name);
    return status;
}

static bsr_status lower_unsqueeze(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    const Onnx__AttributeProto *axes = node_attribute(node, "axes");
    struct list                 list;
    bool                        found = false;

    if (axes)
        return axes->n_ints > 1 ? reshape_instead(lowering, node, err) : BSR_OK;
    bsr_status status = read_list(&list, &found, lowering, node_input(node, 1), err);
    if (status != BSR_OK || !found || !list.count)
        return status;
    if (list.count > 1)
        return reshape_instead(lowering, node, err);
    return put_list(lowering, node, "axes", &list, "has its axis as an attribute now", err);
}

/* A bound: left out, or a constant that is a finite float; else *found becomes false. */
static bsr_status read_bound(float *value, bool *given, bool *found, const struct lowering *lowering,
                             const char *name, struct bsr_error *err)
{
    struct bsr_tensor tensor;
    void             *owned;

    *given = *name != '\0';
    if (!*given)
        return BSR_OK;
    bsr_status status = view_constant(&tensor, &owned, lowering, name, err);
    if (status == BSR_OK && tensor.data && tensor.type == BSR_F32 && tensor_count(&tensor) == 1)
        *value = (float)tensor_get(&tensor, 0);
    else
        *found = false;
    *found = *found && isfinite(*value);
    mem_free(owned);
    return status;
}

static bsr_status lower_clip(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    static const char *const names[] = {"min", "max"};
    float                    bounds[2] = {0};
    bool                     given[2] = {false}, found = true;
    bsr_status               status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < 2; i++)
        status = read_bound(&bounds[i], &given[i], &found, lowering, node_input(node, i + 1), err);
    if (status != BSR_OK || !found || (!given[0] && !given[1]))
        return status;
    status = note(lowering, node, "has its bounds as attributes now", err);
    for (size_t i = 0; status == BSR_OK && i < 2; i++)
        if (given[i])
            status = rewrite_set_float(node, names[i], bounds[i], err);
    if (status == BSR_OK)
        keep_inputs(node, 1);
    return status;
}

/* [out][in / group][kernel...]; a ConvTranspose's has the first two the other way round. */
static bsr_status lower_conv(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    const struct bsr_tensor *weights = NULL;

    if (node_attribute(node, "kernel_shape"))
        return BSR_OK;
    bsr_status status = find_shape(&weights, lowering, node_input(node, 1), err);
    if (status != BSR_OK || !weights || weights->dims < 3)
        return status;
    status = note(lowering, node, "names its kernel's shape now", err);
    return status == BSR_OK
               ? rewrite_set_ints(node, "kernel_shape", weights->shape + 2, weights->dims - 2, err)
               : status;
}

static const struct {
    const char *type;
    bsr_status (*lower)(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err);
} rules[] = {
    {"Clip", lower_clip},
    {"Conv", lower_conv},
    {"ConvTranspose", lower_conv},
    {"ReduceL1", lower_reduce},
    {"ReduceL2", lower_reduce},
    {"ReduceLogSum", lower_reduce},
    {"ReduceLogSumExp", lower_reduce},
    {"ReduceMax", lower_reduce},
    {"ReduceMean", lower_reduce},
    {"ReduceMin", lower_reduce},
    {"ReduceProd", lower_reduce},
    {"ReduceSum", lower_reduce},
    {"ReduceSumSquare", lower_reduce},
    {"Split", lower_split},
    {"Squeeze", lower_squeeze},
    {"Unsqueeze", lower_unsqueeze},
};

static bsr_status lower_node(struct lowering *lowering, Onnx__NodeProto *node, struct bsr_error *err)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (node->n_input && node->n_output && node_is(node, rules[i].type))
            return rules[i].lower(lowering, node, err);
    return BSR_OK;
}

bsr_status pass_lower_for_opencv(struct onnx_model *model, const struct onnx_prepare_options *options,
                                 struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    Onnx__GraphProto *graph = model->proto->graph;
    struct lowering   lowering = {.model = model, .options = options, .changes = changes};

    if (!options || !options->opencv)
        return BSR_OK;
    bsr_status status = index_make(&lowering.index, graph, err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++)
        status = lower_node(&lowering, graph->node[i], err);
    *changed |= lowering.changed;
    onnx_values_free(lowering.values);
    index_free(lowering.index);
    return status;
}
