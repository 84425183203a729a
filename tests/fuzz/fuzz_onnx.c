/* Fuzz target: reading, lifting and writing an ONNX model; what was written is read again. */
#include "base/bytes.h"
#include "onnx/model.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct onnx_model *model)
{
    struct onnx_value value = {0};

    for (int i = 0; i < onnx_input_count(model); i++)
        value = onnx_input(model, i);
    for (int i = 0; i < onnx_output_count(model); i++)
        value = onnx_output(model, i);
    if (value.dims > ONNX_MAX_DIMS || onnx_opset(model, "") == INT64_MIN ||
        onnx_node_count(model, "Conv") < 0)
        abort();
    onnx_metadata(model, "names");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bsr_error   err;
    struct onnx_model *model = NULL, *again = NULL;
    struct onnx_resize resize;
    struct bytes       written = {0};

    if (onnx_model_read(&model, data, size, NULL, "fuzz", &err) != BSR_OK)
        return 0;
    look_at(model);
    onnx_lift_front_resize(model, &resize, &err);
    look_at(model);
    /* What besra has accepted and written, it must accept again. */
    if (onnx_model_write(model, &written, &err) != BSR_OK ||
        onnx_model_read(&again, written.data, written.size, NULL, "again", &err) != BSR_OK)
        abort();
    onnx_model_free(again);
    onnx_model_free(model);
    bytes_free(&written);
    return 0;
}
