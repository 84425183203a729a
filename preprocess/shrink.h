/* preprocess/shrink.h: make a picture smaller by a whole factor. */
#pragma once

#include "base/image.h"

/* Each pixel of *out (a new picture, image_free()) is the mean of `times` x `times` pixels of `image` (8 bits
 * a channel, 1 to 4 channels), rounded to nearest; what remains at the right and at the bottom is left out.
 * BSR_ERANGE when a side is shorter than `times`, BSR_ENOMEM. */
bsr_status shrink(struct bsr_image *out, const struct bsr_image *image, int times, struct bsr_error *err);
