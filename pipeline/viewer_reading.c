/* What was said once, when the viewer was opened: how pictures are read, and what nets without a card are. */
#include "pipeline/viewer_parts.h"

#include "base/alloc.h"

struct detect_options viewer_detect_options(const struct viewer *viewer, const struct model *model)
{
    const struct viewer_reading *reading = &viewer->options.reading;
    struct detect_options        detect = detect_options_default(model);

    if (reading->letterbox != VIEWER_LETTERBOX_CARD)
        detect.rect = reading->letterbox == VIEWER_LETTERBOX_RECT;
    detect.shrinking = reading->shrinking;
    detect.layout = reading->layout;
    detect.width = viewer->options.hints.width;
    detect.height = viewer->options.hints.height;
    return detect;
}

struct classify_options viewer_classify_options(const struct viewer *viewer, int top)
{
    const struct viewer_reading *reading = &viewer->options.reading;
    return (struct classify_options){
        .top = top, .fit = reading->fit, .scores = reading->scores, .shrinking = reading->shrinking};
}

bool viewer_as_stored(const struct viewer *viewer, const struct model *model)
{
    enum viewer_profile profile = viewer->options.reading.profile;
    return profile == VIEWER_PROFILE_CARD ? model->card.as_stored : profile == VIEWER_PROFILE_IGNORE;
}

const char *viewer_label(const struct viewer *viewer)
{
    const char *label = viewer->options.reading.label;
    return label ? label : VIEWER_LABEL;
}

struct model_hints viewer_hints(const struct viewer *viewer, enum card_task task)
{
    struct model_hints hints = viewer->options.hints;

    if (task == CARD_UPSCALE) /* the size is that of a net which looks */
        hints.width = hints.height = 0;
    return hints;
}

bsr_status viewer_choose_hidden(const struct viewer *viewer, const struct opened *model, bool **hidden,
                                struct bsr_error *err)
{
    const struct viewer_reading *reading = &viewer->options.reading;
    bool                        *made = mem_alloc_zeroed(model->class_count + 1, sizeof *made);

    if (!made)
        return bsr_fail_memory(err, "--classes", model->class_count);
    for (size_t i = 0; i < model->class_count; i++)
        made[i] = true;
    for (size_t i = 0; i < reading->class_count; i++) {
        int found = detector_need_class(model->detector, reading->classes[i], err);
        if (found < 0) {
            mem_free(made);
            return BSR_EUSAGE;
        }
        made[found] = false;
    }
    *hidden = made;
    return BSR_OK;
}
