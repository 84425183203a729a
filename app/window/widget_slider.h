/* app/window/widget_slider.h: a number to drag, with a field to type it. */
#pragma once

#include "app/window/widget_field.h"

struct slider {
    const char *name; /* of its id */
    const char *label;
    double      least, most;
    double      step;        /* of the keys, and what values are rounded to */
    double      usual;       /* a double click brings it back */
    bool        logarithmic; /* equal ways are equal ratios; `least` over 0 */
    int         decimals;
    const char *tip;
};

/* What outlives a pass; zero at the start. `typing` is the slider whose field is open. */
struct slider_state {
    ui_id        typing;
    struct field field;
};

/* Whether *value changed: in each pass while it is dragged. *settled (may be NULL): this was the change's
 * last pass, such as the release. Value and track take POINT_SLIDER points of height. */
enum { POINT_SLIDER = 46 };
bool slider_add(struct ui *ui, struct rect rect, const struct slider *slider, struct slider_state *state,
                double *value, bool *settled);

/* Where a value is on the track, 0..1, and back (rounded to steps). */
double slider_place(const struct slider *slider, double value);
double slider_value(const struct slider *slider, double place);
