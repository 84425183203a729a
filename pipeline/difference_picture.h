/* pipeline/difference_picture.h: where in a tensor the error is, as a picture. */
#pragma once

#include "base/tensor.h"

#include "besra.h"

/* Draws |a - b|, black for none, through purple, red and orange to pale yellow for the largest, cyan where
 * only one is a number. The last two dimensions are a map; the maps of all others (channels) lie side by side
 * in rows, or, where that gets larger than DIFFERENCE_MOST_PIXELS a side, upon each other, the largest error
 * of a place being shown; still larger maps are made smaller the same way. Small ones are enlarged by a whole
 * factor. A vector is folded into rows, as square as it goes. Release with image_free(). BSR_EUSAGE when the
 * shapes differ or are empty, BSR_ENOMEM. */
enum { DIFFERENCE_MOST_PIXELS = 4096, DIFFERENCE_USUAL_PIXELS = 512 };
bsr_status difference_draw(struct bsr_image *out, const struct bsr_tensor *a, const struct bsr_tensor *b,
                           struct bsr_error *err);

/* Writes that picture to `path` as PNG. Errors of file_write() too. */
bsr_status difference_write(const char *path, const struct bsr_tensor *a, const struct bsr_tensor *b,
                            bool overwrite, struct bsr_error *err);
