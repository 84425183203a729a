#include "app/model_engine.h"

#include "base/alloc.h"
#include "onnx/edit.h"
#include "onnx/tails.h"
#include "pipeline/formats.h"

#include <stdio.h>
#include <string.h>

bsr_status model_engine_open(struct engine **out, const struct model_file *file,
                             const struct options *options, struct bsr_error *err)
{
    struct engine_options how = engine_of_options(options);
    struct bytes          bytes = {0};
    bsr_status            status = model_file_settled(&bytes, file, err);

    engine_set_threads(options->threads);
    if (status == BSR_OK)
        status = engine_open(out, bytes.data, bytes.size, &how, file->card.file, err);
    bytes_free(&bytes);
    return status;
}

bsr_status model_engine_widen(struct feeds *feeds, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < feeds->count; i++) {
        struct bsr_tensor *tensor = &feeds->items[i].tensor, wide;
        if (tensor->type != BSR_F16 && tensor->type != BSR_BF16)
            continue;
        status = tensor_convert(&wide, tensor, BSR_F32, err);
        if (status == BSR_OK) {
            tensor_free(tensor);
            *tensor = wide;
        }
    }
    return status;
}

bsr_status model_engine_try(struct engine *engine, const struct model_file *file, int seed,
                            struct bsr_error *err)
{
    const struct engine_value *outputs;
    struct feeds               feeds = {0};
    int                        output_count, count = 0;
    struct engine_value *inputs = mem_alloc_zeroed((size_t)onnx_input_count(file->model) + 1, sizeof *inputs);
    bsr_status           status = inputs ? model_file_feeds(&feeds, file, seed, err)
                                         : bsr_fail_memory(err, file->card.file, sizeof *inputs);

    if (status == BSR_OK)
        status = model_engine_widen(&feeds, err);
    for (int i = 0; status == BSR_OK && i < onnx_input_count(file->model); i++) {
        const char              *name = onnx_input(file->model, i).name;
        const struct onnx_named *feed = feeds_find(&feeds, name), *frozen = feeds_find(&file->chosen, name);
        if (feed && !(frozen && frozen->tensor.data))
            inputs[count++] = (struct engine_value){.name = feed->name, .tensor = feed->tensor};
    }
    if (status == BSR_OK)
        status = engine_run_any(engine, inputs, count, &outputs, &output_count, err);
    feeds_free(&feeds);
    mem_free(inputs);
    return status;
}

/* ---- what is done outside of the graph ------------------------------------------------------------------
 */

static bsr_status lift_resize(struct onnx_changes *out, struct onnx_model *model, struct bsr_error *err)
{
    struct onnx_resize resize = {0};
    bsr_status         status = onnx_lift_front_resize(model, &resize, err);

    if (status != BSR_OK || !resize.found)
        return status;
    if (resize.factor > 0)
        return onnx_changes_add(out, err, "lift-resize", "the cubic Resize at the front",
                                "is done by besra, by any factor: the model's is %g", resize.factor);
    return onnx_changes_add(out, err, "lift-resize", "the cubic Resize at the front",
                            "is done by besra, by any factor; the input '%s' that carried it is gone",
                            resize.input);
}

static bsr_status lift_all(struct onnx_changes *out, struct onnx_model *model, int side,
                           struct bsr_error *err)
{
    struct onnx_detect_tail tail = {0};
    bool                    done;
    int                     batch;
    bsr_status              status = onnx_lift_front_transpose(model, &done, out, err);

    if (status == BSR_OK)
        status = lift_resize(out, model, err);
    if (status == BSR_OK)
        status = onnx_single_batch(model, &batch, out, err);
    if (status == BSR_OK)
        status = onnx_cut_detect(model, side, &tail, out, err);
    return status;
}

/* The height of the first input. */
static int side_of(const struct model_file *file)
{
    enum { NCHW = 4, HEIGHT = 2, USUAL = 640 };
    struct bsr_tensor input = model_file_input(file, 0);
    bool              known = input.dims == NCHW && input.shape[HEIGHT] > 0 && input.shape[HEIGHT] <= 65535;
    return known ? (int)input.shape[HEIGHT] : USUAL;
}

bsr_status model_engine_lift(struct onnx_changes *out, const struct model_file *file, struct bsr_error *err)
{
    struct onnx_model  *copy = NULL;
    struct onnx_changes changes = {0};
    bsr_status          status = BSR_OK;

    if (onnx_input_count(file->model) > 0)
        status = onnx_model_copy(&copy, file->model, err);
    if (copy)
        status = lift_all(&changes, copy, side_of(file), err);
    onnx_model_free(copy);
    if (status == BSR_EMODEL) /* not a model for pictures: there is nothing to lift */
        status = BSR_OK;
    if (status == BSR_OK)
        *out = changes;
    else
        onnx_changes_free(&changes);
    return status;
}

json_t *model_engine_shapes(const struct model_file *file)
{
    json_t *object = json_object();

    for (int i = 0; i < onnx_input_count(file->model); i++) {
        struct bsr_tensor input = model_file_input(file, i);
        json_t           *shape = json_array();
        for (int d = 0; d < input.dims; d++)
            json_array_append_new(shape, input.shape[d] < 0 ? json_null() : json_integer(input.shape[d]));
        json_object_set_new(object, onnx_input(file->model, i).name, shape);
    }
    return object;
}
