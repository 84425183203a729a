/* Exports at a fixed batch of N pictures become ones of a single picture. */
#include "base/alloc.h"
#include "onnx/edit.h"
#include "onnx/nodes.h"
#include "onnx/passes/batch.h"
#include "onnx/passes/rewrite.h"
#include "onnx/tails.h"

#include <string.h>

enum { PICTURE_DIMS = 4, MOST_INPUTS = 64, SYMBOLIC_SIDE = 640 };

/* A copy of the model on its way to a batch of one. */
struct rebatch {
    struct onnx_model        *model;
    const struct onnx_values *values; /* of the original */
    struct graph_index       *index;  /* of the copy as it came */
    int64_t                   batch;
    size_t                    constants; /* made for it */
};

/* The batch of the pictures that go in; 1 where there is none, or any. */
static int64_t declared_batch(const struct onnx_model *model)
{
    struct onnx_value first = {.dims = -1};

    if (model->input_count)
        first = onnx_input(model, 0);
    return first.dims == PICTURE_DIMS && first.shape[0] > 1 && first.shape[0] <= INT32_MAX ? first.shape[0]
                                                                                           : 1;
}

static bsr_status refuse(const struct rebatch *rebatch, const char *subject, const char *why,
                         struct bsr_error *err)
{
    bsr_fail(err, BSR_EMODEL, rebatch->model->name, "its batch of %lld can't be taken out: %s %s",
             (long long)rebatch->batch, subject, why);
    bsr_hint(err, "export it with a batch of 1");
    return BSR_EMODEL;
}

/* What is known at a batch: shapes as declared, sides that are not, of some size. */
static bsr_status infer_at(struct onnx_values **out, const struct onnx_model *model, int64_t batch,
                           struct bsr_error *err)
{
    struct onnx_named *chosen = mem_alloc_zeroed((size_t)model->input_count, sizeof *chosen);

    if (!chosen)
        return bsr_fail_memory(err, NULL, (size_t)model->input_count * sizeof *chosen);
    for (int i = 0; i < model->input_count; i++) {
        struct onnx_value input = onnx_input(model, i);
        chosen[i].name = input.name;
        chosen[i].tensor.type = input.element_type;
        chosen[i].tensor.dims = input.dims < 0 ? 0 : input.dims;
        for (int d = 0; d < input.dims; d++)
            chosen[i].tensor.shape[d] = d == 0 ? batch : input.shape[d] > 0 ? input.shape[d] : SYMBOLIC_SIDE;
    }
    bsr_status status = onnx_infer(out, model, chosen, model->input_count, err);
    mem_free(chosen);
    return status;
}

/* Whether a tensor is one that the pictures go through, not a constant or a shape. */
static bool is_data(const struct bsr_tensor *known)
{
    return !known || !known->data;
}

/* ---- constants -------------------------------------------------------------------------------- */

static bsr_status make_constant(struct bsr_tensor *out, const struct bsr_tensor *old,
                                enum batch_change change, struct bsr_error *err)
{
    if (change == BATCH_SLICE) {
        struct bsr_tensor first = *old;
        first.shape[0] = 1;
        return tensor_copy(out, &first, err);
    }
    bsr_status status = tensor_copy(out, old, err);
    if (status == BSR_OK)
        tensor_set_int(out, 0, 1);
    return status;
}

/* Gives a node a constant of its own. */
static bsr_status change_input(struct rebatch *rebatch, Onnx__NodeProto *node, int input,
                               enum batch_change change, struct bsr_error *err)
{
    const struct bsr_tensor *old = onnx_values_find(rebatch->values, node->input[input]);
    struct bsr_tensor        constant = {.data = NULL};
    char                    *name = NULL;
    bsr_status               status = make_constant(&constant, old, change, err);

    if (status == BSR_OK)
        status = rewrite_new_name(&name, rebatch->index, node->output[0], "of one", err);
    if (status == BSR_OK)
        status = rewrite_add_initializer(rebatch->model->proto->graph, name, &constant, err);
    if (status == BSR_OK) {
        mem_free(node->input[input]);
        node->input[input] = name;
        name = NULL;
        rebatch->constants++;
    }
    mem_free(name);
    tensor_free(&constant);
    return status;
}

/* ---- nodes ------------------------------------------------------------------------------------ */

/* All outputs begin with the batch. */
static bool keeps_batch(const struct rebatch *rebatch, const Onnx__NodeProto *node)
{
    for (size_t i = 0; i < node->n_output; i++) {
        const struct bsr_tensor *known = onnx_values_find(rebatch->values, node->output[i]);
        if (*node->output[i] && (!known || !known->dims || known->shape[0] != rebatch->batch))
            return false;
    }
    return true;
}

static bsr_status rebatch_node(struct rebatch *rebatch, Onnx__NodeProto *node, struct bsr_error *err)
{
    enum batch_change changes[MOST_INPUTS];
    struct batch_node view = {.node = node, .values = rebatch->values, .batch = rebatch->batch};
    bsr_status        status = BSR_OK;
    int               changed = 0;

    view.output = node->n_output ? onnx_values_find(rebatch->values, node->output[0]) : NULL;
    if (view.output && view.output->data)
        return BSR_OK; /* a constant, or follows from shapes */
    if (!view.output || !keeps_batch(rebatch, node))
        return refuse(rebatch, node_text(node).text, "makes a tensor whose first side is not the batch", err);
    const char *reason = batch_find_reason(&view, changes, MOST_INPUTS);
    if (reason)
        return refuse(rebatch, node_text(node).text, reason, err);
    for (int i = 0; status == BSR_OK && i < (int)node->n_input; i++)
        if (changes[i] != BATCH_SAME && changed++)
            status = refuse(rebatch, node_text(node).text, "has several constants of the batch's size", err);
        else if (changes[i] != BATCH_SAME)
            status = change_input(rebatch, node, i, changes[i], err);
    return status;
}

static bsr_status rebatch_values(struct rebatch *rebatch, Onnx__ValueInfoProto **values, int count,
                                 struct bsr_error *err)
{
    for (int i = 0; i < count; i++) {
        Onnx__TensorShapeProto *shape = rewrite_shape_of(values[i]);
        if (!shape || !shape->n_dim)
            return refuse(rebatch, shown_name(values[i]->name).text, "has no declared batch", err);
        Onnx__TensorShapeProto__Dimension *dim = shape->dim[0];
        bool fixed = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (fixed && dim->dim_value != rebatch->batch)
            return refuse(rebatch, shown_name(values[i]->name).text, "has another first side", err);
        rewrite_set_side(dim, 1);
    }
    return BSR_OK;
}

/* ---- the proof -------------------------------------------------------------------------------- */

static bool is_one_of(const struct bsr_tensor *many, const struct bsr_tensor *one)
{
    return one && many->type == one->type && many->dims == one->dims && one->shape[0] == 1 &&
           memcmp(many->shape + 1, one->shape + 1, (size_t)(many->dims - 1) * sizeof *one->shape) == 0;
}

static bool is_equal(const struct bsr_tensor *a, const struct bsr_tensor *b)
{
    return a && b && b->data && a->type == b->type && tensor_same_shape(a, b) &&
           memcmp(a->data, b->data, tensor_bytes(a)) == 0;
}

/* With a batch of one each tensor is what it was but for its first side, and each constant what it was but
 * for those that were changed. `original` is the node as it was. */
static bool is_proven(const struct rebatch *rebatch, const Onnx__NodeProto *original,
                      const Onnx__NodeProto *node, const struct onnx_values *ones)
{
    const struct bsr_tensor *output = onnx_values_find(rebatch->values, original->output[0]);

    if (!is_data(output))
        return true;
    for (size_t i = 0; i < node->n_output; i++) {
        const struct bsr_tensor *many = onnx_values_find(rebatch->values, original->output[i]);
        if (*node->output[i] && !is_one_of(many, onnx_values_find(ones, node->output[i])))
            return false;
    }
    for (size_t i = 0; i < node->n_input; i++) {
        const struct bsr_tensor *many = onnx_values_find(rebatch->values, original->input[i]);
        const struct bsr_tensor *one = onnx_values_find(ones, node->input[i]);
        bool                     was_changed = strcmp(original->input[i], node->input[i]) != 0;
        if (!*node->input[i] || is_data(many) || was_changed || batch_reads_shape(node, (int)i))
            continue;
        if (!is_equal(many, one))
            return false;
    }
    return true;
}

static bsr_status prove(const struct rebatch *rebatch, const struct onnx_model *original,
                        struct bsr_error *err)
{
    const Onnx__GraphProto *graph = rebatch->model->proto->graph;
    struct onnx_values     *ones = NULL;
    bsr_status              status = infer_at(&ones, rebatch->model, 1, err);

    if (status == BSR_EMODEL) {
        char why[sizeof err->message] = "";
        if (err)
            memcpy(why, err->message, sizeof why);
        return refuse(rebatch, "with one picture,", why, err);
    }
    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        if (!is_proven(rebatch, original->proto->graph->node[i], node, ones))
            status = refuse(rebatch, node_text(node).text, "gives something else for a single picture", err);
    }
    onnx_values_free(ones);
    return status;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static bsr_status rebatch_model(struct rebatch *rebatch, const struct onnx_model *original,
                                struct bsr_error *err)
{
    struct onnx_model *model = rebatch->model;
    Onnx__GraphProto  *graph = model->proto->graph;
    bsr_status         status = index_make(&rebatch->index, graph, err);

    for (size_t i = 0; status == BSR_OK && i < graph->n_node; i++)
        status = rebatch_node(rebatch, graph->node[i], err);
    if (status == BSR_OK)
        status = rebatch_values(rebatch, model->inputs, model->input_count, err);
    if (status == BSR_OK)
        status = rebatch_values(rebatch, graph->output, (int)graph->n_output, err);
    if (status == BSR_OK) {
        graph_clear_value_info(graph); /* its shapes are of the old batch */
        status = prove(rebatch, original, err);
    }
    index_free(rebatch->index);
    return status;
}

bsr_status onnx_single_batch(struct onnx_model *model, int *batch, struct onnx_changes *changes,
                             struct bsr_error *err)
{
    struct rebatch      rebatch = {.batch = declared_batch(model)};
    struct onnx_values *values = NULL;

    if (rebatch.batch == 1) {
        *batch = 1;
        return BSR_OK;
    }
    bsr_status status = onnx_model_copy(&rebatch.model, model, err);
    if (status == BSR_OK)
        status = infer_at(&values, model, rebatch.batch, err);
    rebatch.values = values;
    if (status == BSR_OK)
        status = rebatch_model(&rebatch, model, err);
    if (status == BSR_OK)
        status = onnx_changes_add(changes, err, "single-batch", "the graph",
                                  "takes one picture now instead of %lld (%zu constants follow)",
                                  (long long)rebatch.batch, rebatch.constants);
    if (status == BSR_OK) {
        rewrite_swap_models(model, rebatch.model);
        *batch = (int)rebatch.batch;
    }
    onnx_values_free(values);
    onnx_model_free(rebatch.model);
    return status;
}
