#include "preprocess/letterbox.h"

#include <math.h>
#include <stdbool.h>

/* Python's round(): half to even, whatever the rounding mode in force. */
static int round_half_even(double value)
{
    double below = floor(value);
    double part = value - below;
    int    whole = (int)below;

    return part > 0.5 || (part == 0.5 && whole % 2 != 0) ? whole + 1 : whole;
}

static int fit_side(int side, double gain, int size)
{
    int fit = round_half_even(side * gain);

    if (fit < 1) /* a line of a picture: YOLOv5 fails there */
        return 1;
    return fit < size ? fit : size;
}

static bool side_is_valid(int side)
{
    return side >= 1 && side <= IMAGE_MAX_SIDE;
}

bsr_status letterbox_make_plan(struct letterbox_plan *plan, int width, int height, int size_width,
                               int size_height, int stride, enum letterbox_mode mode, struct bsr_error *err)
{
    if (!side_is_valid(width) || !side_is_valid(height))
        return bsr_fail(err, BSR_ERANGE, NULL, "a picture of %d x %d pixels (each side may be 1 to %d)",
                        width, height, IMAGE_MAX_SIDE);
    if (!side_is_valid(size_width) || !side_is_valid(size_height))
        return bsr_fail(err, BSR_ERANGE, NULL, "a net's input of %d x %d pixels (each side may be 1 to %d)",
                        size_width, size_height, IMAGE_MAX_SIDE);
    if (stride < 1 || size_width % stride || size_height % stride)
        return bsr_fail(err, BSR_ERANGE, NULL,
                        "a net's input of %d x %d pixels is no multiple of the stride %d", size_width,
                        size_height, stride);

    double across = (double)size_width / width;
    double down = (double)size_height / height;
    double gain = across < down ? across : down;
    int    fit_width = fit_side(width, gain, size_width);
    int    fit_height = fit_side(height, gain, size_height);
    int    spare_width = size_width - fit_width;
    int    spare_height = size_height - fit_height;
    if (mode == LETTERBOX_RECT) {
        spare_width %= stride;
        spare_height %= stride;
    }

    *plan = (struct letterbox_plan){
        .width = width,
        .height = height,
        .in_width = fit_width + spare_width,
        .in_height = fit_height + spare_height,
        .fit_width = fit_width,
        .fit_height = fit_height,
        .left = spare_width / 2, /* round(spare / 2 - 0.1) for whole numbers */
        .top = spare_height / 2,
        .gain = gain,
        .from = {.times = 1, .width = width, .height = height},
    };
    return BSR_OK;
}

int letterbox_reduction(const struct letterbox_plan *plan, double spare)
{
    static const int most = 8; /* a JPEG's block becomes one pixel */

    for (int times = most; times > 1; times /= 2)
        if (plan->width >= spare * times * plan->fit_width &&
            plan->height >= spare * times * plan->fit_height)
            return times;
    return 1;
}

static double offset(int in_side, int side, double gain)
{
    return (in_side - side * gain) / 2;
}

void letterbox_map(const struct letterbox_plan *plan, double picture_x, double picture_y, double *x,
                   double *y)
{
    *x = picture_x * plan->gain + offset(plan->in_width, plan->width, plan->gain);
    *y = picture_y * plan->gain + offset(plan->in_height, plan->height, plan->gain);
}

static double clip(double value, int side)
{
    if (!(value > 0)) /* also what is no number */
        return 0;
    return value < side ? value : side;
}

void letterbox_unmap(const struct letterbox_plan *plan, double x, double y, double *picture_x,
                     double *picture_y)
{
    double gain = plan->gain;

    *picture_x = clip((x - offset(plan->in_width, plan->width, gain)) / gain, plan->width);
    *picture_y = clip((y - offset(plan->in_height, plan->height, gain)) / gain, plan->height);
}
