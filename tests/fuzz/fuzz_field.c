/* Fuzz target: how far a net looks (onnx/receptive_field.h). What is found is something that windows can be
 * made of. */
#include "onnx/receptive_field.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find(const struct onnx_model *model, int tile)
{
    const struct onnx_field_options options = {.tile = tile};
    struct onnx_field               field = {.local = false};
    struct bsr_error                err;

    if (onnx_field_find(&field, model, &options, &err) != BSR_OK)
        return;
    if (!field.local) {
        if (!*field.why)
            abort();
        return;
    }
    if (field.factor < 1 || field.align < 1 || !(field.bytes >= 0))
        abort();
    for (int a = 0; a < 2; a++)
        if (field.before[a] < 0 || field.behind[a] < 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct onnx_model *model = NULL;
    struct bsr_error   err;

    if (onnx_model_read(&model, data, size, NULL, "fuzz", &err) != BSR_OK)
        return 0;
    find(model, 4);
    find(model, 1);
    onnx_model_free(model);
    return 0;
}
