#include "app/viewing.h"

#include "app/detecting.h"
#include "app/run.h"

struct viewer_options viewing_options(const struct options *options)
{
    return (struct viewer_options){
        .threads = options->threads,
        .memory = options->memory,
        .limits = {.max_pixels = options->max_pixels},
        .hints = run_hints(options),
        .reading = {.letterbox = (enum viewer_letterbox)options->letterbox, /* these are in the same order */
                    .profile = (enum viewer_profile)options->profile,
                    .shrinking = (enum shrinking)options->shrink_on_load,
                    .layout = detecting_layout(options),
                    .fit = (enum classify_fit)options->fit,
                    .scores = (enum classify_scores)options->scores,
                    .label = options->label,
                    .hide_score = options->hide_conf,
                    .line_width = options->line_width,
                    .agnostic = !options->origins[OPTION_AGNOSTIC] ? 0
                                : options->agnostic                ? 1
                                                                   : -1,
                    .classes = options->classes.items,
                    .class_count = options->classes.count,
                    .plugins = options->ops.items,
                    .plugin_count = options->ops.count},
    };
}

struct viewer_settings viewing_settings(const struct options *options)
{
    return (struct viewer_settings){
        .confidence = options->conf,
        .iou = options->iou,
        .max_detections = options->max_det,
        .agnostic = options->agnostic,
        .factor = options->origins[OPTION_SCALE] ? options->scale : 0,
        .top = options->origins[OPTION_TOP] ? options->top : 0,
        .hide_labels = options->hide_labels,
    };
}
