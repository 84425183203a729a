/* Inputs become what was chosen for them: those with a value are initializers, those with a shape have it,
 * and what their shapes say of a symbol ("batch") holds for all inputs. */
#include "base/alloc.h"
#include "onnx/messages.h"
#include "onnx/name_map.h"
#include "onnx/passes/passes.h"
#include "onnx/passes/rewrite.h"
#include "onnx/tensors.h"

#include <string.h>

static const char pass_name[] = "freeze-inputs";

struct freezing {
    struct onnx_model   *model;
    Onnx__GraphProto    *graph;
    struct onnx_changes *changes;
    struct name_map      sides; /* of symbols */
    bool                *changed;
};

static bsr_status fail_input(const struct freezing *freezing, const char *name, const char *why,
                             struct bsr_error *err)
{
    return bsr_fail(err, BSR_EMODEL, freezing->model->name, "input '%s' %s", shown_name(name).text, why);
}

static Onnx__ValueInfoProto *find_input(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_input; i++)
        if (strcmp(text_or_empty(graph->input[i]->name), name) == 0)
            return graph->input[i];
    return NULL;
}

static Onnx__TensorProto *find_initializer(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(text_or_empty(graph->initializer[i]->name), name) == 0)
            return graph->initializer[i];
    return NULL;
}

/* ---- values ----------------------------------------------------------------------------------------- */

static bool fits(const Onnx__ValueInfoProto *info, const struct bsr_tensor *value)
{
    const Onnx__TensorShapeProto *shape = rewrite_shape_of(info);
    bool                          same = !shape || shape->n_dim == (size_t)value->dims;

    for (size_t i = 0; shape && same && i < shape->n_dim; i++)
        same = shape->dim[i]->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ||
               shape->dim[i]->dim_value <= 0 || shape->dim[i]->dim_value == value->shape[i];
    return same;
}

static bsr_status freeze(struct freezing *freezing, const Onnx__ValueInfoProto *info,
                         const struct onnx_named *chosen, struct bsr_error *err)
{
    struct bsr_tensor  value = chosen->tensor;
    Onnx__TensorProto *initializer = find_initializer(freezing->graph, chosen->name);
    bsr_status         status;
    int                declared =
        info->type && info->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && info->type->tensor_type
                           ? info->type->tensor_type->elem_type
                           : 0;

    if (declared && value.type != declared)
        return bsr_fail(err, BSR_EMODEL, freezing->model->name,
                        "input '%s' is of %s, it can't be frozen to %s", shown_name(chosen->name).text,
                        onnx_type_text(declared).text, tensor_type_name(value.type));
    if (!fits(info, &value))
        return bsr_fail(err, BSR_EMODEL, freezing->model->name,
                        "input '%s' has another shape than the %s that it is to be frozen to",
                        shown_name(chosen->name).text, tensor_shape_text(&value).text);
    status = initializer ? tensor_assign(initializer, &value, err)
                         : rewrite_add_initializer(freezing->graph, chosen->name, &value, err);
    if (status == BSR_OK)
        status = onnx_changes_add(freezing->changes, err, pass_name, shown_name(chosen->name).text,
                                  "is a constant now: %s %s", tensor_type_name(value.type),
                                  tensor_shape_text(&value).text);
    if (status == BSR_OK)
        model_remove_input(freezing->model, chosen->name);
    *freezing->changed = true;
    return status;
}

/* ---- shapes ----------------------------------------------------------------------------------------- */

static bsr_status note_symbols(struct freezing *freezing, const Onnx__ValueInfoProto *info,
                               const struct bsr_tensor *chosen, struct bsr_error *err)
{
    const Onnx__TensorShapeProto *shape = rewrite_shape_of(info);
    bsr_status                    status = BSR_OK;

    for (size_t i = 0; shape && status == BSR_OK && i < shape->n_dim && i < (size_t)chosen->dims; i++)
        if (shape->dim[i]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
            status =
                name_map_add(&freezing->sides, shape->dim[i]->dim_param, NULL, (size_t)chosen->shape[i], err);
    return status;
}

/* The message of an input's shape, made where there was none. */
static bsr_status make_shape(Onnx__TypeProto__Tensor *tensor, int dims, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    if (tensor->shape)
        return BSR_OK;
    tensor->shape = mem_alloc(sizeof *tensor->shape);
    if (!tensor->shape)
        return bsr_fail_memory(err, NULL, sizeof *tensor->shape);
    onnx__tensor_shape_proto__init(tensor->shape);
    for (int i = 0; status == BSR_OK && i < dims; i++) {
        Onnx__TensorShapeProto__Dimension *dim = mem_alloc(sizeof *dim);
        if (!dim)
            return bsr_fail_memory(err, NULL, sizeof *dim);
        onnx__tensor_shape_proto__dimension__init(dim);
        status = message_append(&tensor->shape->dim, &tensor->shape->n_dim, dim, err);
        if (status != BSR_OK)
            mem_free(dim);
    }
    return status;
}

/* True when it was another side. */
static bool set_side(Onnx__TensorShapeProto__Dimension *dim, int64_t side)
{
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && dim->dim_value == side)
        return false;
    rewrite_set_side(dim, side);
    return true;
}

static bsr_status set_shape(struct freezing *freezing, const Onnx__ValueInfoProto *info,
                            const struct onnx_named *chosen, struct bsr_error *err)
{
    const struct bsr_tensor *shape = &chosen->tensor;
    bool                     any = false;

    if (!info->type || info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ||
        !info->type->tensor_type)
        return fail_input(freezing, chosen->name, "is no tensor: it has no shape to choose", err);
    if (shape->dims < 0 || shape->dims > BSR_MAX_DIMS || tensor_count(shape) == SIZE_MAX)
        return fail_input(freezing, chosen->name, "can't have the shape that was chosen", err);
    bsr_status status = note_symbols(freezing, info, shape, err);
    if (status == BSR_OK)
        status = make_shape(info->type->tensor_type, shape->dims, err);
    if (status != BSR_OK)
        return status;
    if (info->type->tensor_type->shape->n_dim != (size_t)shape->dims)
        return bsr_fail(err, BSR_EMODEL, freezing->model->name,
                        "input '%s' has %zu dimensions, not the %d of the shape %s",
                        shown_name(chosen->name).text, info->type->tensor_type->shape->n_dim, shape->dims,
                        tensor_shape_text(shape).text);
    for (int i = 0; i < shape->dims; i++)
        any |= set_side(info->type->tensor_type->shape->dim[i], shape->shape[i]);
    if (!any)
        return BSR_OK;
    *freezing->changed = true;
    return onnx_changes_add(freezing->changes, err, pass_name, shown_name(chosen->name).text, "is %s now",
                            tensor_shape_text(shape).text);
}

/* A symbol that one input's shape gave a number has it in the others, too. */
static bool set_symbols(const struct freezing *freezing, const Onnx__ValueInfoProto *info)
{
    const Onnx__TensorShapeProto *shape = rewrite_shape_of(info);
    bool                          any = false;

    for (size_t i = 0; shape && i < shape->n_dim; i++) {
        if (shape->dim[i]->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
            continue;
        const struct name_pair *pair =
            name_map_find(&freezing->sides, text_or_empty(shape->dim[i]->dim_param));
        if (pair)
            any |= set_side(shape->dim[i], (int64_t)pair->number);
    }
    return any;
}

/* What the graph declares of its outputs and inner values followed from the old shapes. Outputs keep their
 * number of dimensions: ONNX wants a shape of them. */
static void forget_shapes(Onnx__GraphProto *graph)
{
    graph_clear_value_info(graph);
    for (size_t i = 0; i < graph->n_output; i++) {
        const Onnx__TensorShapeProto *shape = rewrite_shape_of(graph->output[i]);
        for (size_t d = 0; shape && d < shape->n_dim; d++) {
            rewrite_set_side(shape->dim[d], 0); /* frees a symbol */
            shape->dim[d]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
        }
    }
}

/* ---- the pass ----------------------------------------------------------------------------------------- */

static bsr_status freeze_one(struct freezing *freezing, const struct onnx_named *chosen, bool *reshaped,
                             struct bsr_error *err)
{
    Onnx__ValueInfoProto *info = find_input(freezing->graph, chosen->name);
    bool                  before = *freezing->changed;

    if (!info && find_initializer(freezing->graph, chosen->name))
        return BSR_OK; /* frozen already */
    if (!info) {
        bsr_status status = fail_input(freezing, chosen->name, "is none of the graph's", err);
        if (freezing->model->input_count)
            bsr_hint(err, "the first input is '%s'", shown_name(freezing->model->inputs[0]->name).text);
        return status;
    }
    if (chosen->tensor.data)
        return freeze(freezing, info, chosen, err);
    *freezing->changed = false;
    bsr_status status = set_shape(freezing, info, chosen, err);
    *reshaped |= *freezing->changed;
    *freezing->changed |= before;
    return status;
}

bsr_status pass_freeze_inputs(struct onnx_model *model, const struct onnx_prepare_options *options,
                              struct onnx_changes *changes, bool *changed, struct bsr_error *err)
{
    struct freezing freezing = {
        .model = model, .graph = model->proto->graph, .changes = changes, .changed = changed};
    bsr_status status = BSR_OK;
    bool       reshaped = false;

    for (int i = 0; status == BSR_OK && i < options->chosen_count; i++)
        status = freeze_one(&freezing, &options->chosen[i], &reshaped, err);
    for (size_t i = 0; status == BSR_OK && i < freezing.graph->n_input; i++)
        reshaped |= set_symbols(&freezing, freezing.graph->input[i]);
    if (status == BSR_OK && reshaped) {
        forget_shapes(freezing.graph);
        *changed = true;
    }
    name_map_free(&freezing.sides);
    return status;
}
