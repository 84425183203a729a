#include "pipeline/upscale_field.h"

#include "onnx/edit.h"
#include "pipeline/upscale.h"

enum { NCHW = 4, HEIGHT = 2, WIDTH = 3 };

static const struct onnx_field_options how = {.tile = ENGINE_TILE};

static bool is_fixed(const struct model *model)
{
    return model->input.dims == NCHW && model->input.shape[HEIGHT] > 0 && model->input.shape[WIDTH] > 0;
}

/* The graph with open sides; out of memory is the only failure that counts. */
static bsr_status open_sides(struct onnx_model **out, const struct onnx_model *model, struct bsr_error *err)
{
    struct onnx_value  input = onnx_input(model, 0);
    const int64_t      shape[NCHW] = {1, input.shape[1], -1, -1};
    struct onnx_model *copy = NULL;
    struct bsr_error   why;
    bsr_status         status = onnx_model_copy(&copy, model, err);

    if (status != BSR_OK)
        return status;
    status = onnx_set_input_shape(copy, input.name, shape, NCHW, &why);
    if (status == BSR_OK) {
        *out = copy;
        return BSR_OK;
    }
    onnx_model_free(copy);
    if (status == BSR_ENOMEM && err)
        *err = why;
    return status == BSR_ENOMEM ? status : BSR_OK;
}

/* Whether it is local, and as the outputs say. */
static bool agrees(const struct model *model, const struct onnx_field *field)
{
    return field->local && field->factor == upscale_net_factor(model);
}

static bsr_status free_size(struct model *model, struct onnx_model **onnx, struct bsr_error *err)
{
    struct onnx_field  field = {.local = false};
    struct onnx_model *open = NULL;
    bsr_status         status = open_sides(&open, *onnx, err);

    if (status == BSR_OK && open)
        status = onnx_field_find(&field, open, &how, err);
    if (status == BSR_OK && agrees(model, &field)) {
        bytes_append_format(&model->notes, "exported for %lldx%lld pixels, takes any size\n",
                            (long long)model->input.shape[WIDTH], (long long)model->input.shape[HEIGHT]);
        struct onnx_model *fixed = *onnx;
        *onnx = open;
        open = fixed;
        model->field = field;
        model->input.shape[HEIGHT] = model->input.shape[WIDTH] = -1;
    }
    onnx_model_free(open);
    return status;
}

bsr_status upscale_find_field(struct model *model, struct onnx_model **onnx, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    if (onnx_input_count(*onnx) == 1 && is_fixed(model))
        status = free_size(model, onnx, err);
    if (status == BSR_OK && !model->field.local)
        status = onnx_field_find(&model->field, *onnx, &how, err);
    if (status != BSR_OK || agrees(model, &model->field))
        return status;
    if (model->field.local)
        model->field = (struct onnx_field){.why = "its outputs have other sizes than they declare"};
    bytes_append_format(&model->notes, "runs on whole pictures, not on windows of them: %s\n",
                        model->field.why);
    model->field.align = 1;
    model->field.factor = upscale_net_factor(model);
    model->field.bytes = 4.0 * (double)model->map_channels;
    return BSR_OK;
}
