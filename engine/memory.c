#include "engine/memory.h"

#include "onnx/inspect/inspect.h"

/* OpenCV keeps some twice as much as is alive at a time. For what an input's byte may become, the limit is
 * that of the evaluator (onnx/frame.h). */
enum { BYTES_PER_INPUT_BYTE = 1024 };
static const uint64_t base_bytes = (uint64_t)192 << 20;

bsr_status memory_fits_opencv(bool *fits, const struct onnx_model *model, const struct onnx_values *values,
                              struct bsr_error *err)
{
    uint64_t   live = 0, limit = base_bytes;
    bsr_status status = onnx_live_bytes(&live, model, values, err);

    if (status != BSR_OK)
        return status;
    for (int i = 0; i < onnx_input_count(model); i++) {
        const struct bsr_tensor *input = onnx_values_find(values, onnx_input(model, i).name);
        size_t                   bytes = input ? tensor_bytes(input) : SIZE_MAX;
        if (bytes <= TENSOR_MAX_BYTES)
            limit += (uint64_t)bytes * BYTES_PER_INPUT_BYTE;
    }
    *fits = live <= limit;
    return BSR_OK;
}
