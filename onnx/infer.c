#include "onnx/infer.h"

#include "base/alloc.h"
#include "onnx/functions.h"
#include "onnx/inference.h"

struct onnx_values {
    struct onnx_model *inlined; /* or NULL: the model calls no functions */
    struct plan       *plan;
    struct inference   inference;
    size_t             total;
};

static bsr_status infer(struct onnx_values *values, const struct onnx_model *model,
                        const struct onnx_named *chosen, int count, struct bsr_error *err)
{
    struct inference *inference = &values->inference;
    bsr_status        status = functions_inline_copy(&values->inlined, model, err);

    inference->total = &values->total;
    if (status == BSR_EMODEL && inference->refusal) /* as far as it goes without */
        status = BSR_OK;
    if (status == BSR_OK)
        status = plan_make(&values->plan, values->inlined ? values->inlined : model, false, err);
    if (status == BSR_OK)
        status = inference_open(inference, values->plan, err);
    if (status == BSR_OK)
        status = inference_of_inputs(inference, chosen, count, err);
    if (status == BSR_OK)
        status = inference_of_nodes(inference, err);
    if (status == BSR_OK && !inference->refusal)
        status = inference_check_outputs(inference, chosen, count, err);
    return status;
}

bsr_status onnx_infer(struct onnx_values **out, const struct onnx_model *model,
                      const struct onnx_named *chosen, int count, struct bsr_error *err)
{
    return onnx_infer_all(out, model, chosen, count, NULL, NULL, err);
}

bsr_status onnx_infer_all(struct onnx_values **out, const struct onnx_model *model,
                          const struct onnx_named *chosen, int count, onnx_refusal *refusal, void *context,
                          struct bsr_error *err)
{
    struct onnx_values *values = mem_alloc_zeroed(1, sizeof *values);
    if (!values)
        return bsr_fail_memory(err, model->name, sizeof *values);

    values->inference.refusal = refusal;
    values->inference.context = context;
    bsr_status status = infer(values, model, chosen, count, err);
    if (status == BSR_OK) {
        *out = values;
        return BSR_OK;
    }
    bsr_error_set_subject(err, model->name);
    onnx_values_free(values);
    return status;
}

void onnx_values_free(struct onnx_values *values)
{
    if (!values)
        return;
    if (values->inference.plan)
        inference_close(&values->inference);
    plan_free(values->plan);
    onnx_model_free(values->inlined);
    mem_free(values);
}

const struct bsr_tensor *onnx_values_find(const struct onnx_values *values, const char *name)
{
    int value = plan_find(values->plan, name);
    return value < 0 || !values->inference.known[value].tensor.type ? NULL
                                                                    : &values->inference.known[value].tensor;
}
