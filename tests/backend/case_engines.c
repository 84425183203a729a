#include "tests/backend/case_engines.h"

#include "engine/engine.h"
#include "onnx/evaluate.h"

void case_free_tensors(struct case_tensors *tensors)
{
    for (int i = 0; i < tensors->count; i++)
        tensor_free(&tensors->items[i]);
    tensors->count = 0;
}

bsr_status case_open(struct case_runner *runner, enum case_engine engine, const struct bytes *data,
                     struct bsr_error *err)
{
    if (engine == CASE_BESRA)
        return evaluator_open(&runner->evaluator, runner->model, err);
    return engine_open(&runner->engine, data->data, data->size, NULL, "model", err);
}

void case_close(struct case_runner *runner)
{
    if (runner->evaluator)
        evaluator_close(runner->evaluator);
    if (runner->engine)
        engine_close(runner->engine);
    runner->evaluator = NULL;
    runner->engine = NULL;
}

static struct verdict compare_outputs(const struct onnx_model *model, const struct case_tensors *expected,
                                      const struct bsr_tensor *found, bool widened)
{
    struct verdict verdict = {.outcome = PASSED};

    for (int i = 0; verdict.outcome == PASSED && i < expected->count; i++)
        verdict = verdict_compare(&expected->items[i], &found[i], widened, onnx_output(model, i).name);
    return verdict;
}

static struct verdict run_evaluator(const struct case_runner *runner, const struct case_tensors *inputs,
                                    const struct case_tensors *expected)
{
    struct bsr_error    err = {0};
    struct case_tensors found = {.count = 0};

    if (evaluator_run(runner->evaluator, inputs->items, found.items, NULL, NULL, &err) != BSR_OK)
        return verdict_make(NOT_SUPPORTED, "%s", err.message);
    found.count = onnx_output_count(runner->model);
    struct verdict verdict = compare_outputs(runner->model, expected, found.items, false);
    case_free_tensors(&found);
    return verdict;
}

/* Engines take and give f32 where the model says f16. */
static bsr_status widen(struct case_tensors *inputs, struct bsr_error *err)
{
    for (int i = 0; i < inputs->count; i++) {
        struct bsr_tensor wide;
        if (inputs->items[i].type != BSR_F16)
            continue;
        bsr_status status = tensor_convert(&wide, &inputs->items[i], BSR_F32, err);
        if (status != BSR_OK)
            return status;
        tensor_free(&inputs->items[i]);
        inputs->items[i] = wide;
    }
    return BSR_OK;
}

static struct verdict run_engine(const struct case_runner *runner, struct case_tensors *inputs,
                                 const struct case_tensors *expected)
{
    struct bsr_error           err = {0};
    struct engine_value        values[CASE_MAX_TENSORS];
    struct bsr_tensor          found[CASE_MAX_TENSORS];
    const struct engine_value *outputs = NULL;
    int                        count = 0;

    if (widen(inputs, &err) != BSR_OK)
        return verdict_make(NOT_SUPPORTED, "%s", err.message);
    for (int i = 0; i < inputs->count; i++)
        values[i] = (struct engine_value){onnx_input(runner->model, i).name, inputs->items[i]};
    if (engine_run_any(runner->engine, values, inputs->count, &outputs, &count, &err) != BSR_OK)
        return verdict_make(NOT_SUPPORTED, "%s", err.message);
    if (count < expected->count)
        return verdict_make(WRONG, "%d outputs, not %d", count, expected->count);
    for (int i = 0; i < expected->count; i++)
        found[i] = outputs[i].tensor;
    return compare_outputs(runner->model, expected, found, true);
}

struct verdict case_run_set(const struct case_runner *runner, struct case_tensors *inputs,
                            const struct case_tensors *expected)
{
    return runner->engine ? run_engine(runner, inputs, expected) : run_evaluator(runner, inputs, expected);
}
