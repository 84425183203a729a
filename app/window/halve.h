/* app/window/halve.h: a picture at half its size, for pictures that are shown small. */
#pragma once

#include "base/image.h"

/* Each pixel of `to` ((width + 1) / 2 x (height + 1) / 2, 8-bit BGR or BGRA as `from`) is the mean of four of
 * `from`; at the edges of odd sides those that are there count twice. Colours count by their alpha. */
void halve(const struct bsr_image *to, const struct bsr_image *from);
