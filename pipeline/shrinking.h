/* pipeline/shrinking.h: how far pictures are decoded smaller than they are, for a net that sees them smaller.
 */
#pragma once

#include "preprocess/letterbox.h"

enum shrinking {
    SHRINK_AUTO, /* with pixels to spare: what is decoded is at least SHRINK_SPARE times as large as needed */
    SHRINK_ON,   /* as far as there are as many pixels as needed */
    SHRINK_OFF,
};

/* Enough that pictures of twice the net's size, which other programs shrink in another way, stay as they are,
 * and that photographs of 12 megapixels are decoded at 1/4 for a net of 640. */
#define SHRINK_SPARE 1.5

/* How many times smaller (1, 2, 4 or 8) the picture of this plan may be decoded. */
static inline int shrinking_times(enum shrinking how, const struct letterbox_plan *plan)
{
    return how == SHRINK_OFF ? 1 : letterbox_reduction(plan, how == SHRINK_AUTO ? SHRINK_SPARE : 1);
}
