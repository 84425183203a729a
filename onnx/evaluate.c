#include "onnx/evaluate.h"

#include "base/alloc.h"
#include "onnx/frame.h"
#include "onnx/functions.h"
#include "onnx/tensors.h"

struct evaluator {
    const struct onnx_model *model;
    struct onnx_model       *inlined; /* or NULL: the model calls no functions */
    struct plan             *plan;
};

static const char *kind_of_value(const Onnx__ValueInfoProto *info)
{
    switch (info->type ? info->type->value_case : ONNX__TYPE_PROTO__VALUE__NOT_SET) {
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
        return "a sequence";
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
        return "a map";
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
        return "an optional value";
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
        return "a sparse tensor";
    case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
        return "of an opaque type";
    default:
        return NULL;
    }
}

static bsr_status check_value(const struct onnx_model *model, const Onnx__ValueInfoProto *info,
                              const char *which, struct bsr_error *err)
{
    const char *kind = kind_of_value(info);
    bool        tensor = info->type && info->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    int         type = tensor && info->type->tensor_type ? info->type->tensor_type->elem_type : 0;

    if (kind)
        return bsr_fail(err, BSR_EMODEL, model->name, "%s '%s' is %s: besra runs on tensors only", which,
                        shown_name(info->name).text, kind);
    if (type && !tensor_type_size(type))
        return bsr_fail(err, BSR_EMODEL, model->name, "%s '%s' is of %s, which besra does not compute with",
                        which, shown_name(info->name).text, onnx_type_text(type).text);
    return BSR_OK;
}

static bsr_status check_ends(const struct onnx_model *model, struct bsr_error *err)
{
    const Onnx__GraphProto *graph = model->proto->graph;
    bsr_status              status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < model->input_count; i++)
        status = check_value(model, model->inputs[i], "input", err);
    for (size_t i = 0; status == BSR_OK && i < graph->n_output; i++)
        status = check_value(model, graph->output[i], "output", err);
    return status;
}

bsr_status evaluator_open(struct evaluator **out, const struct onnx_model *model, struct bsr_error *err)
{
    struct evaluator *evaluator = mem_alloc_zeroed(1, sizeof *evaluator);
    if (!evaluator)
        return bsr_fail_memory(err, model->name, sizeof *evaluator);
    evaluator->model = model;

    bsr_status status = check_ends(model, err);
    if (status == BSR_OK)
        status = functions_inline_copy(&evaluator->inlined, model, err);
    if (status == BSR_OK)
        status = plan_make(&evaluator->plan, evaluator->inlined ? evaluator->inlined : model, true, err);
    if (status == BSR_OK) {
        *out = evaluator;
        return BSR_OK;
    }
    bsr_error_set_subject(err, model->name);
    evaluator_close(evaluator);
    return status;
}

void evaluator_close(struct evaluator *evaluator)
{
    if (!evaluator)
        return;
    plan_free(evaluator->plan);
    onnx_model_free(evaluator->inlined);
    mem_free(evaluator);
}

static bsr_status check_input(const struct onnx_model *model, int index, const struct bsr_tensor *tensor,
                              struct bsr_error *err)
{
    struct onnx_value declared = onnx_input(model, index);
    struct shown      name = shown_name(declared.name);

    if (!tensor->data || tensor_bytes(tensor) == SIZE_MAX || tensor->dims < 0 || tensor->dims > BSR_MAX_DIMS)
        return bsr_fail(err, BSR_EMODEL, model->name, "input '%s' is not given", name.text);
    if (declared.element_type && tensor->type != declared.element_type)
        return bsr_fail(err, BSR_EMODEL, model->name, "input '%s' is of %s, it was given %s", name.text,
                        onnx_type_text(declared.element_type).text, tensor_type_name(tensor->type));
    bool fits = declared.dims < 0 || declared.dims == tensor->dims;
    for (int i = 0; fits && i < declared.dims; i++)
        fits = declared.shape[i] < 0 || declared.shape[i] == tensor->shape[i];
    if (fits)
        return BSR_OK;
    struct bsr_tensor shape = {.dims = declared.dims};
    for (int i = 0; i < declared.dims; i++)
        shape.shape[i] = declared.shape[i];
    return bsr_fail(err, BSR_EMODEL, model->name, "input '%s' is %s (-1: any), it was given %s", name.text,
                    tensor_shape_text(&shape).text, tensor_shape_text(tensor).text);
}

bsr_status evaluator_run(const struct evaluator *evaluator, const struct bsr_tensor *inputs,
                         struct bsr_tensor *outputs, evaluator_visit *visit, void *context,
                         struct bsr_error *err)
{
    struct budget budget = {.limit = FRAME_BASE_BYTES};
    bsr_status    status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < evaluator->plan->input_count; i++) {
        status = check_input(evaluator->model, i, &inputs[i], err);
        if (status == BSR_OK)
            budget.limit += tensor_bytes(&inputs[i]) * FRAME_BYTES_PER_INPUT_BYTE;
    }
    if (status != BSR_OK)
        return status;
    status = frame_run(evaluator->plan, NULL, inputs, outputs, &budget, visit, context, err);
    if (status != BSR_OK)
        bsr_error_set_subject(err, evaluator->model->name);
    return status;
}
