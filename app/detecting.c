#include "app/detecting.h"

enum output_shape detecting_layout(const struct options *options)
{
    static const enum output_shape layouts[] = {[LAYOUT_AUTO] = OUTPUT_ANY,
                                                [LAYOUT_YOLOV5] = OUTPUT_ROWS,
                                                [LAYOUT_YOLOV5_HEADS] = OUTPUT_HEADS,
                                                [LAYOUT_YOLOV8] = OUTPUT_COLUMNS,
                                                [LAYOUT_BOXES] = OUTPUT_BOXES};
    return layouts[options->layout];
}

struct detect_options detecting_options(const struct options *options, const struct model *model)
{
    struct detect_options detect = detect_options_default(model);
    if (options->conf >= 0)
        detect.confidence = options->conf;
    if (options->iou >= 0)
        detect.iou = options->iou;
    if (options->max_det > 0)
        detect.max_detections = options->max_det;
    if (options->letterbox != FIT_CARD)
        detect.rect = options->letterbox == FIT_RECT;
    if (options->origins[OPTION_AGNOSTIC])
        detect.agnostic = options->agnostic;
    detect.shrinking = (enum shrinking)options->shrink_on_load; /* in the same order */
    detect.layout = detecting_layout(options);
    detect.width = options->size.width;
    detect.height = options->size.height;
    detect.classes = options->classes.items;
    detect.class_count = options->classes.count;
    return detect;
}

bool detecting_as_stored(const struct options *options, const struct model *model)
{
    if (options->profile != PROFILE_CARD)
        return options->profile == PROFILE_IGNORE;
    return model->card.as_stored;
}
