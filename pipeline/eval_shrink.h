/* pipeline/eval_shrink.h: the small pictures that papers on super-resolution enlarge, and what MATLAB's
 * bicubic makes of them. */
#pragma once

#include "base/image.h"

/* From luma in levels, truth[height][width], whose sides divide by `factor`: *small is grey of 16 bits, full
 * swing (0 is black, 65535 white); matlab[height][width] (the caller's) the small luma, enlarged and in
 * levels. *small is new (image_free()). BSR_ENOMEM, BSR_ERANGE. */
bsr_status eval_shrink_luma(struct bsr_image *small, uint8_t *matlab, const uint8_t *truth, int width,
                            int height, int factor, struct bsr_error *err);

/* From a picture of 8 bits; *small is one, too, and matlab the luma of what it becomes. */
bsr_status eval_shrink_picture(struct bsr_image *small, uint8_t *matlab, const struct bsr_image *truth,
                               int factor, struct bsr_error *err);
