/* Other numbers in a model: weights replaced, inputs that become constants. */
#include "onnx/edit.h"

#include "base/alloc.h"
#include "onnx/edit_find.h"
#include "onnx/make.h"
#include "onnx/tensors.h"

#include <math.h>
#include <string.h>

/* Whether every number of `now` is that of `before`; floats may have been rounded to fewer bits. */
static bool same_numbers(const struct bsr_tensor *before, const struct bsr_tensor *now)
{
    size_t count = tensor_count(before);
    bool   to_float =
        now->type == BSR_F32 || now->type == BSR_F64 || now->type == BSR_F16 || now->type == BSR_BF16;

    for (size_t i = 0; i < count; i++) {
        double was = tensor_get(before, i), is = tensor_get(now, i);
        if (to_float ? isfinite(was) && !isfinite(is) : was != is)
            return false;
    }
    return true;
}

/* A tensor of `type` and the numbers of `value`; *converted is to be released. */
static bsr_status fit_type(struct bsr_tensor *converted, const struct bsr_tensor *value, int type,
                           const struct onnx_model *model, const char *name, struct bsr_error *err)
{
    bsr_status status = tensor_convert(converted, value, type, err);
    if (status != BSR_OK)
        return status;
    if (same_numbers(value, converted))
        return BSR_OK;
    tensor_free(converted);
    return bsr_fail(err, BSR_EMODEL, model->name,
                    "'%s' is of type %s, which does not hold the numbers given (%s)", shown_name(name).text,
                    tensor_type_name(type), tensor_type_name(value->type));
}

/* ---- replace_weights
 * ---------------------------------------------------------------------------------------- */

/* The message that holds the weights of that name: an initializer, or the value of a Constant node (by its
 * name or that of its output). NULL when there is none. */
static Onnx__TensorProto *find_weights(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(text_or_empty(graph->initializer[i]->name), name) == 0)
            return graph->initializer[i];
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        bool                   named = strcmp(text_or_empty(node->name), name) == 0 ||
                     (node->n_output && strcmp(node->output[0], name) == 0);
        const Onnx__AttributeProto *value =
            named && node_is(node, "Constant") ? node_attribute(node, "value") : NULL;
        if (value)
            return value->t;
    }
    return NULL;
}

bsr_status onnx_replace_weights(struct onnx_model *model, const char *name, const struct bsr_tensor *value,
                                struct bsr_error *err)
{
    struct bsr_tensor  view = {0}, converted = {0};
    void              *owned = NULL;
    Onnx__TensorProto *weights = *name ? find_weights(model->proto->graph, name) : NULL;

    if (!weights) {
        struct graph_index *index = NULL;
        bsr_status          made = index_make(&index, model->proto->graph, err);
        bool                there = made == BSR_OK && index_find(index, name);
        index_free(index);
        if (made != BSR_OK)
            return made;
        return there ? bsr_fail(err, BSR_EMODEL, model->name,
                                "'%s' is no weight: it is computed, or an input", shown_name(name).text)
                     : edit_fail_unknown(model, name, false, err);
    }
    bsr_status status = tensor_view(&view, &owned, weights, err);
    if (status != BSR_OK)
        return status;
    if (!tensor_same_shape(&view, value))
        status =
            bsr_fail(err, BSR_EMODEL, model->name, "'%s' has the shape %s, the new weights have %s",
                     shown_name(name).text, tensor_shape_text(&view).text, tensor_shape_text(value).text);
    if (status == BSR_OK)
        status = fit_type(&converted, value, view.type, model, name, err);
    mem_free(owned);
    if (status == BSR_OK)
        status = tensor_assign(weights, &converted, err);
    tensor_free(&converted);
    return status;
}

/* ---- freeze_input -----------------------------------------------------------------------------------------
 */

/* From this version of the format on, an initializer need not be an input as well. */
enum { IR_FREE_INITIALIZERS = 4 };

static bsr_status check_value(const struct onnx_model *model, struct onnx_value input,
                              const struct bsr_tensor *value, struct bsr_error *err)
{
    bool fits = input.dims < 0 || input.dims == value->dims;

    for (int i = 0; fits && i < input.dims; i++)
        fits = input.shape[i] < 0 || input.shape[i] == value->shape[i];
    if (!tensor_type_size(input.element_type))
        return bsr_fail(err, BSR_EMODEL, model->name, "input '%s' is of the type %s, which can't be frozen",
                        shown_name(input.name).text, onnx_type_text(input.element_type).text);
    if (fits)
        return BSR_OK;
    struct bsr_tensor declared = {.dims = input.dims};
    memcpy(declared.shape, input.shape, sizeof declared.shape);
    return bsr_fail(err, BSR_EMODEL, model->name, "input '%s' has the shape %s (-1: any), the value has %s",
                    shown_name(input.name).text, tensor_shape_text(&declared).text,
                    tensor_shape_text(value).text);
}

static struct onnx_value declared_value(const struct onnx_model *model, const Onnx__ValueInfoProto *input)
{
    for (int i = 0; i < model->input_count; i++)
        if (model->inputs[i] == input)
            return onnx_input(model, i);
    return (struct onnx_value){.dims = -1};
}

bsr_status onnx_freeze_input(struct onnx_model *model, const char *input, const struct bsr_tensor *value,
                             struct bsr_error *err)
{
    Onnx__GraphProto     *graph = model->proto->graph;
    Onnx__ValueInfoProto *info = NULL;
    Onnx__TensorProto    *weights = NULL;
    struct bsr_tensor     converted = {0};
    bsr_status            status = edit_find_input(&info, model, input, err);
    if (status != BSR_OK)
        return status;

    struct onnx_value declared = declared_value(model, info);
    status = check_value(model, declared, value, err);
    if (status == BSR_OK)
        status = fit_type(&converted, value, declared.element_type, model, input, err);
    if (status == BSR_OK)
        status = tensor_message(&weights, input, &converted, err);
    tensor_free(&converted);
    if (status == BSR_OK) {
        status = message_append(&graph->initializer, &graph->n_initializer, weights, err);
        if (status != BSR_OK)
            tensor_message_free(weights);
    }
    if (status != BSR_OK)
        return status;
    model_remove_input(model, weights->name);
    if (model->proto->ir_version < IR_FREE_INITIALIZERS) {
        model->proto->has_ir_version = 1;
        model->proto->ir_version = IR_FREE_INITIALIZERS;
    }
    return BSR_OK;
}
