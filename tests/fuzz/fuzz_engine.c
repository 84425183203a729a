/* Fuzz target: the whole way of a model: read, prepared, shared out between OpenCV and besra's operators, run
 * on small inputs. What comes of it is told to who asks (fuzz_engine.h). */
#include "tests/fuzz/fuzz_engine.h"

#include "base/alloc.h"
#include "engine/engine.h"
#include "onnx/model.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MOST_INPUTS = 16,
    MOST_NUMBERS = 1 << 16, /* of all inputs: a caller who gives more has made room for more, too */
    ANY_SIDE = 4,           /* where the model leaves a side open */
    MOST_SIDE = 24,         /* pictures are made small, where the model takes that */
};

struct inputs {
    struct engine_value items[MOST_INPUTS];
    int                 count;
};

/* False for what no caller would feed. */
static bool set_shape(struct bsr_tensor *tensor, const struct onnx_value *value, size_t *numbers)
{
    tensor->type = value->element_type == BSR_F16 ? BSR_F32 : value->element_type;
    tensor->dims = value->dims < 0 ? 2 : value->dims;
    for (int i = 0; i < tensor->dims; i++)
        tensor->shape[i] = value->dims < 0 || value->shape[i] < 0             ? ANY_SIDE
                           : tensor->dims == 4 && value->shape[i] > MOST_SIDE ? MOST_SIDE
                                                                              : value->shape[i];
    size_t count = tensor_count(tensor);
    if (!tensor_type_size(tensor->type) || count > MOST_NUMBERS - *numbers)
        return false;
    *numbers += count;
    return true;
}

/* A failure says what it is. */
static void expect_a_sentence(bsr_status status, const struct bsr_error *err)
{
    if (*err->message && err->code == status)
        return;
    fprintf(stderr, "status %d, with code %d: '%s'\n", status, err->code, err->message);
    abort();
}

/* -2 .. 2, the same each time. */
static void fill(struct bsr_tensor *tensor, uint32_t *state)
{
    size_t count = tensor_count(tensor);

    for (size_t i = 0; i < count; i++) {
        *state = *state * 1664525U + 1013904223U;
        tensor_set(tensor, i, (double)(*state >> 8) / (1 << 22) - 2);
    }
}

static bool make_inputs(struct inputs *inputs, const struct onnx_model *model)
{
    uint32_t state = 1;
    size_t   numbers = 0;

    if (onnx_input_count(model) > MOST_INPUTS)
        return false;
    for (int i = 0; i < onnx_input_count(model); i++) {
        struct onnx_value  value = onnx_input(model, i);
        struct bsr_tensor *tensor = &inputs->items[i].tensor;
        inputs->items[i].name = value.name;
        if (!set_shape(tensor, &value, &numbers) || tensor_alloc(tensor, NULL) != BSR_OK)
            return false;
        inputs->count++;
        fill(tensor, &state);
    }
    return true;
}

static void free_inputs(struct inputs *inputs)
{
    for (int i = 0; i < inputs->count; i++)
        tensor_free(&inputs->items[i].tensor);
}

/* Reads all numbers that came out, so that a sanitizer sees what is not there. */
static void look_at(const struct engine_value *outputs, int count)
{
    static volatile double sum;

    for (int i = 0; i < count; i++) {
        size_t numbers = tensor_count(&outputs[i].tensor);
        if (!outputs[i].name || numbers == SIZE_MAX || (numbers && !outputs[i].tensor.data))
            abort();
        for (size_t n = 0; n < numbers; n++)
            sum = sum + tensor_get(&outputs[i].tensor, n);
    }
}

static enum fuzz_outcome run(struct engine *engine, const struct onnx_model *model)
{
    struct inputs              inputs = {.count = 0};
    const struct engine_value *outputs = NULL;
    struct bsr_error           err = {0};
    int                        count = 0;
    enum fuzz_outcome          outcome = FUZZ_OPENED;

    if (make_inputs(&inputs, model)) {
        bsr_status status = engine_run_any(engine, inputs.items, inputs.count, &outputs, &count, &err);
        outcome = status == BSR_OK ? FUZZ_RUN : FUZZ_REFUSED_RUN;
        if (status == BSR_OK)
            look_at(outputs, count);
        else
            expect_a_sentence(status, &err);
    }
    free_inputs(&inputs);
    return outcome;
}

enum fuzz_outcome fuzz_engine(const uint8_t *data, size_t size, const char *backend)
{
    struct engine_options options = {.backend = backend};
    struct bsr_error      err = {0};
    struct onnx_model    *model = NULL;
    struct engine        *engine = NULL;
    enum fuzz_outcome     outcome = FUZZ_REFUSED;

    engine_set_threads(1);
    if (onnx_model_read(&model, data, size, NULL, "fuzz", &err) != BSR_OK)
        return FUZZ_UNREADABLE;
    bsr_status status = engine_open(&engine, data, size, &options, "fuzz", &err);
    if (status == BSR_OK)
        outcome = run(engine, model);
    else
        expect_a_sentence(status, &err);
    engine_close(engine);
    onnx_model_free(model);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_engine(data, size, "opencv");
    fuzz_engine(data, size, "auto");
    return 0;
}
