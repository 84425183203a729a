/* Where inference begins and what it is held to: the inputs, outputs and shapes that the graph declares. */
#include "base/alloc.h"
#include "onnx/inference.h"
#include "onnx/tensors.h"

#include <string.h>

void inference_close(struct inference *inference)
{
    for (int v = 0; inference->known && v < inference->plan->value_count; v++)
        if (inference->known[v].owned)
            tensor_free(&inference->known[v].tensor);
    mem_free(inference->known);
    mem_free(inference->declared);
    mem_free(inference->inputs);
    mem_free(inference->outputs);
}

bsr_status inference_open(struct inference *inference, const struct plan *plan, struct bsr_error *err)
{
    size_t values = (size_t)plan->value_count + 1;

    inference->plan = plan;
    inference->known = mem_alloc_zeroed(values, sizeof *inference->known);
    inference->inputs = mem_alloc_zeroed((size_t)plan->most_inputs + 1, sizeof(void *));
    inference->outputs = mem_alloc_zeroed((size_t)plan->most_outputs + 1, sizeof *inference->outputs);
    if (!inference->known || !inference->inputs || !inference->outputs)
        return bsr_fail_memory(err, NULL, values * sizeof *inference->known);
    for (int v = 0; v < plan->value_count; v++)
        if (plan->values[v].constant.data)
            inference->known[v].tensor = plan->values[v].constant;
    return BSR_OK;
}

/* ---- what the graph declares ---------------------------------------------------------------------- */

/* False unless type and all sides are given. */
static bool read_declared(struct bsr_tensor *tensor, const Onnx__ValueInfoProto *info)
{
    const Onnx__TypeProto *type = info->type;
    struct bsr_tensor      result = {.data = NULL};

    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type ||
        !type->tensor_type->shape || type->tensor_type->shape->n_dim > BSR_MAX_DIMS ||
        !tensor_type_size(type->tensor_type->elem_type))
        return false;
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    result.type = type->tensor_type->elem_type;
    result.dims = (int)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        if (dim->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE || dim->dim_value <= 0)
            return false;
        result.shape[i] = dim->dim_value;
    }
    if (tensor_bytes(&result) == SIZE_MAX)
        return false;
    *tensor = result;
    return true;
}

static void note_declared(struct inference *inference, Onnx__ValueInfoProto **infos, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int value = plan_find(inference->plan, text_or_empty(infos[i]->name));
        if (value >= 0)
            inference->declared[value] = infos[i];
    }
}

static bsr_status note_all_declared(struct inference *inference, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = inference->plan->graph;
    size_t                  values = (size_t)inference->plan->value_count + 1;

    inference->declared = mem_alloc_zeroed(values, sizeof(void *));
    if (!inference->declared)
        return bsr_fail_memory(err, NULL, values * sizeof(void *));
    note_declared(inference, graph->value_info, graph->n_value_info);
    note_declared(inference, graph->output, graph->n_output);
    return BSR_OK;
}

static const struct onnx_named *find_chosen(const char *name, const struct onnx_named *chosen, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(chosen[i].name, name) == 0)
            return &chosen[i];
    return NULL;
}

static bsr_status choose(struct known *known, const Onnx__ValueInfoProto *info,
                         const struct onnx_named *chosen, struct bsr_error *err)
{
    struct bsr_tensor      tensor = chosen->tensor;
    const Onnx__TypeProto *type = info->type;

    if (!tensor.type && type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type)
        tensor.type = type->tensor_type->elem_type;
    if (!tensor_type_size(tensor.type))
        return BSR_OK;
    if (tensor.dims < 0 || tensor.dims > BSR_MAX_DIMS || tensor_bytes(&tensor) > TENSOR_MAX_BYTES)
        return bsr_fail(err, BSR_EMODEL, NULL, "the shape chosen for input '%s' is impossible",
                        shown_name(chosen->name).text);
    known->tensor = tensor;
    if (!tensor.data)
        return BSR_OK;
    known->tensor.data = NULL;
    bsr_status status = tensor_copy(&known->tensor, &tensor, err);
    known->owned = status == BSR_OK;
    return status;
}

/* Types and shapes of the graph's inputs; also of those that are initializers, where chosen. */
bsr_status inference_of_inputs(struct inference *inference, const struct onnx_named *chosen, int count,
                               struct bsr_error *err)
{
    const Onnx__GraphProto *graph = inference->plan->graph;
    bsr_status              status = note_all_declared(inference, err);

    for (size_t i = 0; status == BSR_OK && i < graph->n_input; i++) {
        const char              *name = text_or_empty(graph->input[i]->name);
        int                      value = plan_find(inference->plan, name);
        const struct onnx_named *choice = find_chosen(name, chosen, count);
        if (value < 0 || inference->known[value].owned)
            continue;
        struct known *known = &inference->known[value];
        if (choice)
            status = choose(known, graph->input[i], choice, err);
        else if (!known->tensor.type)
            read_declared(&known->tensor, graph->input[i]);
    }
    return status;
}

void inference_of_declared(struct inference *inference, const struct plan_node *node)
{
    for (int i = 0; i < node->output_count; i++) {
        int v = node->outputs[i];
        if (v >= 0 && inference->declared && inference->declared[v] && !inference->known[v].tensor.type)
            read_declared(&inference->known[v].tensor, inference->declared[v]);
    }
}

/* ---- outputs ------------------------------------------------------------------------------------------ */

/* Whether a shape was chosen that the graph does not declare: its outputs follow then. */
static bool departs(const struct onnx_model *model, const struct onnx_named *chosen, int count)
{
    for (int i = 0; i < model->input_count; i++) {
        struct onnx_value        declared = onnx_input(model, i);
        const struct onnx_named *choice = find_chosen(declared.name, chosen, count);
        if (choice && declared.dims >= 0 && choice->tensor.dims != declared.dims)
            return true;
        for (int d = 0; choice && d < declared.dims; d++)
            if (declared.shape[d] >= 0 && declared.shape[d] != choice->tensor.shape[d])
                return true;
    }
    return false;
}

static bsr_status check_output(const struct onnx_model *model, int index, const struct bsr_tensor *found,
                               struct bsr_error *err)
{
    struct onnx_value declared = onnx_output(model, index);
    struct bsr_tensor shape = {.dims = declared.dims};
    bool              fits = declared.dims < 0 || declared.dims == found->dims;

    for (int d = 0; fits && d < declared.dims; d++)
        fits = declared.shape[d] < 0 || declared.shape[d] == found->shape[d];
    if (fits)
        return BSR_OK;
    memcpy(shape.shape, declared.shape, sizeof shape.shape);
    return bsr_fail(err, BSR_EMODEL, NULL, "output '%s' is declared as %s (-1: any), its nodes make %s of it",
                    shown_name(declared.name).text, tensor_shape_text(&shape).text,
                    tensor_shape_text(found).text);
}

bsr_status inference_check_outputs(const struct inference *inference, const struct onnx_named *chosen,
                                   int count, struct bsr_error *err)
{
    const struct plan *plan = inference->plan;
    bsr_status         status = BSR_OK;

    if (departs(plan->model, chosen, count))
        return BSR_OK;
    for (int i = 0; status == BSR_OK && i < plan->output_count; i++)
        if (plan->outputs[i] >= 0 && inference->known[plan->outputs[i]].tensor.type)
            status = check_output(plan->model, i, &inference->known[plan->outputs[i]].tensor, err);
    return status;
}
