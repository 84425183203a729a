/* Which command a model is for, as far as its shapes tell. */
#include "app/model_file.h"
#include "pipeline/classify.h"
#include "pipeline/detect_layout.h"
#include "pipeline/upscale.h"

static const char *const layouts[] = {
    [OUTPUT_ANY] = "objects",
    [OUTPUT_ROWS] = "YOLOv5, decoded in the graph",
    [OUTPUT_HEADS] = "YOLOv5, raw heads",
    [OUTPUT_HEADS_5D] = "YOLOv5, raw heads of five dimensions",
    [OUTPUT_FREE_HEADS] = "YOLOv8 or later, whose Detect tail besra does itself",
    [OUTPUT_COLUMNS] = "YOLOv8, without anchors",
    [OUTPUT_BOXES] = "boxes, suppressed in the graph",
};

/* The detector's Detect tail has been cut off already: what is left is heads. */
static bool tell_detector(struct bytes *out, const char *name)
{
    struct model         model = {0};
    struct detect_layout layout = {0};
    struct bytes         notes = {0};
    struct bsr_error     err;
    bool                 found = model_open(&model, name, CARD_DETECT, NULL, &err) == BSR_OK;

    found = found && detect_layout_find(&layout, &model, OUTPUT_ANY, &notes, &err) == BSR_OK;
    if (found)
        bytes_append_format(out, "besra detect: %s, %d classes",
                            model.tail.found && !model.tail.bins
                                ? "YOLOv5 or v7, whose Detect tail besra does itself"
                                : layouts[layout.shape],
                            layout.yolo.classes);
    bytes_free(&notes);
    model_free(&model);
    return found;
}

static bool tell_enlarger(struct bytes *out, const char *name)
{
    struct model     model = {0};
    struct bsr_error err;
    bool found = model_open(&model, name, CARD_UPSCALE, NULL, &err) == BSR_OK && upscale_has_shapes(&model);
    int  factor = found ? upscale_net_factor(&model) : 0;
    if (found && factor > 1)
        bytes_append_format(out, "besra upscale: enlarges by %d itself", factor);
    else if (found)
        bytes_append_text(out, "besra upscale, as it seems: a picture in, one of its size out");
    model_free(&model);
    return found;
}

static bool tell_classifier(struct bytes *out, const char *name)
{
    struct model     model = {0};
    struct bsr_error err;
    bool found = model_open(&model, name, CARD_CLASSIFY, NULL, &err) == BSR_OK && classify_has_shapes(&model);

    if (found)
        bytes_append_format(out, "besra classify: %lld classes", (long long)model.outputs[0].shape[1]);
    model_free(&model);
    return found;
}

bool model_file_kind(struct bytes *out, const struct model_file *file)
{
    const char *name = file->card.path ? file->card.path : file->card.file;
    bool        net = onnx_node_count(file->model, "Conv") > 0;
    return tell_detector(out, name) || (net && tell_enlarger(out, name)) || tell_classifier(out, name);
}
