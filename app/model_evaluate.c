/* A run by besra's own operators, for what `besra model` tells of numbers. */
#include "app/model_file.h"
#include "base/alloc.h"

bsr_status model_evaluate(struct bsr_tensor *outputs, const struct onnx_model *model,
                          const struct feeds *feeds, evaluator_visit *visit, void *context,
                          struct bsr_error *err)
{
    struct evaluator  *evaluator = NULL;
    int                count = onnx_input_count(model);
    struct bsr_tensor *inputs = mem_alloc_zeroed((size_t)count + 1, sizeof *inputs);
    bsr_status         status = inputs ? evaluator_open(&evaluator, model, err)
                                       : bsr_fail_memory(err, NULL, (size_t)count * sizeof *inputs);

    for (int i = 0; status == BSR_OK && i < count; i++) {
        const char              *name = onnx_input(model, i).name;
        const struct onnx_named *feed = feeds_find(feeds, name);
        if (feed)
            inputs[i] = feed->tensor;
        else
            status = bsr_fail(err, BSR_EMODEL, name, "is an input that nothing is known of");
    }
    if (status == BSR_OK)
        status = evaluator_run(evaluator, inputs, outputs, visit, context, err);
    evaluator_close(evaluator);
    mem_free(inputs);
    return status;
}
