#include "app/run.h"
#include "pipeline/formats.h"

struct model_hints run_hints(const struct options *options)
{
    static const enum card_colour colours[] = {
        [INPUT_COLOR_RGB] = CARD_RGB, [INPUT_COLOR_BGR] = CARD_BGR, [INPUT_COLOR_LUMA] = CARD_LUMA};
    static const enum model_range ranges[] = {[INPUT_RANGE_CARD] = MODEL_RANGE_CARD,
                                              [INPUT_RANGE_UNIT] = MODEL_RANGE_UNIT,
                                              [INPUT_RANGE_BYTE] = MODEL_RANGE_BYTE,
                                              [INPUT_RANGE_IMAGENET] = MODEL_RANGE_IMAGENET};
    return (struct model_hints){
        .colour_given = options->input_color != INPUT_COLOR_CARD,
        .colour = options->input_color != INPUT_COLOR_CARD ? colours[options->input_color] : CARD_RGB,
        .range = ranges[options->input_range],
        .width = options->size.width,
        .height = options->size.height,
        .whole_graph = options->layout == LAYOUT_YOLOV5 || options->layout == LAYOUT_YOLOV8 ||
                       options->layout == LAYOUT_BOXES,
        .tile = options->tile,
        .memory = options->memory / 2 / (uint64_t)options->threads, /* the pictures take the other half */
        .engine = engine_of_options(options),
    };
}
