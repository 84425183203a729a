/* Fuzz target: what passes, and what takes tails off, make of a model. What is left is a model that is read
 * again, and a second time nothing is left to do. */
#include "base/bytes.h"
#include "onnx/edit.h"
#include "onnx/prepare.h"
#include "onnx/tails.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE = 64 };

/* What folds to constants altogether has no node left, and is refused as empty. */
static void expect_a_model(const struct onnx_model *model)
{
    struct onnx_model *again = NULL;
    struct bytes       written = {0};
    struct bsr_error   err;

    if (onnx_model_write(model, &written, &err) == BSR_OK &&
        onnx_model_read(&again, written.data, written.size, NULL, "again", &err) != BSR_OK &&
        !strstr(err.message, "an empty one"))
        abort();
    onnx_model_free(again);
    bytes_free(&written);
}

static void take_off(struct onnx_model *model)
{
    struct onnx_detect_tail tail = {.found = false};
    struct bsr_error        err;
    bool                    done = false;
    int                     batch = 1;

    if (onnx_single_batch(model, &batch, NULL, &err) == BSR_OK && batch != 1 &&
        (onnx_single_batch(model, &batch, NULL, &err) != BSR_OK || batch != 1))
        abort();
    if (onnx_lift_front_transpose(model, &done, NULL, &err) == BSR_OK && done)
        expect_a_model(model);
    if (onnx_cut_detect(model, SIZE, &tail, NULL, &err) == BSR_OK && tail.found)
        expect_a_model(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct onnx_prepare_options options = {.opencv = 406, .qdq = ONNX_QDQ_DROP};
    struct onnx_model                       *model = NULL, *copy = NULL;
    struct bsr_error                         err;

    if (onnx_model_read(&model, data, size, NULL, "fuzz", &err) != BSR_OK)
        return 0;
    if (onnx_model_copy(&copy, model, &err) == BSR_OK) {
        take_off(copy);
        onnx_model_free(copy);
    }
    if (onnx_prepare(model, &options, NULL, &err) == BSR_OK)
        expect_a_model(model);
    onnx_model_free(model);
    return 0;
}
