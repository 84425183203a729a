#include "pipeline/detect_layout.h"

#include <stdio.h>
#include <string.h>

enum {
    BOX_NUMBERS = 5, /* centre, size and objectness before the class scores */
    MAX_CLASSES = 10000,
};

/* ---- what the model declares -------------------------------------------------------------- */

static void shape_text(char *text, size_t size, const struct onnx_value *value)
{
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < value->dims && length < size; i++) {
        const char *times = i ? "x" : "";
        if (value->shape[i] < 0)
            length += (size_t)snprintf(text + length, size - length, "%s?", times);
        else
            length +=
                (size_t)snprintf(text + length, size - length, "%s%lld", times, (long long)value->shape[i]);
    }
}

static bsr_status fail_layout(const struct model *model, struct bsr_error *err)
{
    char shapes[CARD_MAX_HEADS * 48] = "";
    for (int i = 0; i < model->output_count && i < CARD_MAX_HEADS; i++) {
        char one[44];
        shape_text(one, sizeof one, &model->outputs[i]);
        snprintf(shapes + strlen(shapes), sizeof shapes - strlen(shapes), "%s%s", i ? ", " : "", one);
    }
    bsr_fail(err, BSR_EMODEL, model->card.file, "its outputs (%s) are no YOLOv5 layout", shapes);
    bsr_hint(err, "besra reads 1xNx(5+classes), or one head of anchors x (5+classes) channels a stride");
    return BSR_EMODEL;
}

/* The last size of a decoded output, or what one anchor of a head holds. */
static int64_t numbers_of_an_anchor(const struct model *model, enum output_shape shape, int anchors)
{
    const struct onnx_value *first = &model->outputs[0];
    if (shape == OUTPUT_ROWS)
        return first->shape[2];
    if (shape == OUTPUT_HEADS_5D)
        return first->shape[4];
    return first->shape[1] % anchors ? -1 : first->shape[1] / anchors;
}

static bool guess_shape(enum output_shape *out, const struct model *model)
{
    const struct onnx_value *first = &model->outputs[0];
    if (model->output_count < 1 || model->output_count > CARD_MAX_HEADS)
        return false;
    for (int i = 1; i < model->output_count; i++)
        if (model->outputs[i].dims != first->dims)
            return false;
    switch (first->dims) {
    case 3:
        *out = OUTPUT_ROWS;
        return model->output_count == 1 && first->shape[1] > first->shape[2];
    case 4:
        *out = OUTPUT_HEADS;
        return true;
    case 5:
        *out = OUTPUT_HEADS_5D;
        return true;
    default:
        return false;
    }
}

/* Anchors and strides of the card, or YOLOv5's own where it has none. */
static void take_anchors(struct yolo_layout *layout, const struct card *card, struct bytes *notes)
{
    if (!card->head_count || !card->anchor_count) {
        if (notes)
            bytes_append_text(notes, "no card gives the anchors; YOLOv5's COCO anchors are taken\n");
        return;
    }
    layout->head_count = card->head_count;
    layout->anchor_count = card->anchor_count;
    for (int head = 0; head < card->head_count; head++) {
        layout->strides[head] = card->strides[head];
        memcpy(layout->anchors[head], card->anchors[head], sizeof layout->anchors[head]);
    }
}

bsr_status detect_layout_find(struct detect_layout *out, const struct model *model, struct bytes *notes,
                              struct bsr_error *err)
{
    struct detect_layout layout = {.model = model};
    struct yolo_layout  *yolo = &layout.yolo;
    enum output_shape    shape;

    if (!guess_shape(&shape, model))
        return fail_layout(model, err);
    yolo_layout_default(yolo, 0);
    if (shape != OUTPUT_ROWS) {
        take_anchors(yolo, &model->card, notes);
        if (model->output_count != yolo->head_count)
            return fail_layout(model, err);
    }
    int64_t numbers = numbers_of_an_anchor(model, shape, yolo->anchor_count);
    if (numbers <= BOX_NUMBERS || numbers > BOX_NUMBERS + MAX_CLASSES)
        return fail_layout(model, err);
    yolo->classes = (int)numbers - BOX_NUMBERS;
    if (model->card.name_count && model->card.name_count != yolo->classes)
        return bsr_fail(err, BSR_EMODEL, model->card.file, "has %d classes, but %d class names were given",
                        yolo->classes, model->card.name_count);

    layout.shape = shape;
    layout.frozen = shape == OUTPUT_ROWS;
    layout.stride = model->stride > 0 && layout.frozen ? model->stride : yolo->strides[yolo->head_count - 1];
    *out = layout;
    return BSR_OK;
}

/* ---- what the net hands out --------------------------------------------------------------- */

static bsr_status fail_output(const struct detect_layout *layout, const struct tensor *output,
                              struct bsr_error *err)
{
    struct onnx_value value = {.dims = output->dims};
    char              text[48];
    memcpy(value.shape, output->shape, sizeof value.shape);
    shape_text(text, sizeof text, &value);
    return bsr_fail(err, BSR_EMODEL, layout->model->card.file,
                    "its output %s of %s is not what its %d classes ask for",
                    output->name ? output->name : "", text, layout->yolo.classes);
}

/* Rows and columns of a head's cells, or false when the output is no head of this layout. */
static bool head_cells(const struct detect_layout *layout, const struct tensor *output, int64_t *height,
                       int64_t *width)
{
    int64_t numbers = layout->yolo.classes + BOX_NUMBERS;
    int64_t anchors = layout->yolo.anchor_count;
    bool    flat = layout->shape == OUTPUT_HEADS;

    *height = output->shape[2];
    *width = output->shape[3];
    if (flat)
        return output->dims == 4 && output->shape[0] == 1 && output->shape[1] == anchors * numbers;
    return output->dims == 5 && output->shape[0] == 1 && output->shape[1] == anchors &&
           output->shape[4] == numbers;
}

/* The head of one stride among the outputs, which come in any order. */
static bsr_status decode_head(const struct detect_layout *layout, int head, const struct tensor *outputs,
                              int count, int in_height, int in_width, const struct yolo_filter *filter,
                              struct candidates *out, struct bsr_error *err)
{
    for (int i = 0; i < count; i++) {
        int64_t height, width;
        if (!head_cells(layout, &outputs[i], &height, &width))
            return fail_output(layout, &outputs[i], err);
        if (yolo_match_head(&layout->yolo, height, width, in_height, in_width) != head)
            continue;
        if (layout->shape == OUTPUT_HEADS)
            return yolo_decode_head(out, outputs[i].data, (int)height, (int)width, &layout->yolo, head,
                                    filter, err);
        return yolo_decode_head_rows(out, outputs[i].data, (int)height, (int)width, &layout->yolo, head,
                                     filter, err);
    }
    return bsr_fail(err, BSR_EMODEL, layout->model->card.file, "no output is the head of stride %d",
                    layout->yolo.strides[head]);
}

bsr_status detect_layout_decode(const struct detect_layout *layout, const struct tensor *outputs, int count,
                                int in_height, int in_width, const struct yolo_filter *filter,
                                struct candidates *out, struct bsr_error *err)
{
    if (layout->shape == OUTPUT_ROWS) {
        if (count != 1 || outputs->dims != 3 || outputs->shape[0] != 1 ||
            outputs->shape[2] != layout->yolo.classes + BOX_NUMBERS)
            return fail_output(layout, outputs, err);
        return yolo_decode_rows(out, outputs->data, (size_t)outputs->shape[1], layout->yolo.classes, filter,
                                err);
    }
    bsr_status status = BSR_OK;
    for (int head = 0; status == BSR_OK && head < layout->yolo.head_count; head++)
        status = decode_head(layout, head, outputs, count, in_height, in_width, filter, out, err);
    return status;
}
