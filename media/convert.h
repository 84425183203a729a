/* media/convert.h: pixels from one layout to another: upright, without alpha, at 8 bits. */
#pragma once

#include "base/image.h"

/* Turns the picture as EXIF `orientation` 1..8 says it is to be seen. BSR_ENOMEM; *image is then as it was.
 */
bsr_status convert_upright(struct bsr_image *image, int orientation, struct bsr_error *err);

/* What convert_upright() makes of the reduction of a stored picture of width x height whose first pixel
 * begins at its corner: turned round, it begins with the pixel that reaches beyond the far edge. */
struct image_reduction convert_reduction_upright(int times, int width, int height, int orientation);

/* Makes any picture an 8-bit BGR one: grey tripled, alpha laid over white, 16 bits rounded to the nearest
 * (once, behind the laying over). Costs nothing when it is one already. BSR_ENOMEM; *image is then as it was.
 */
bsr_status convert_to_bgr8(struct bsr_image *image, struct bsr_error *err);

/* Row `y` with all its channels at 8 bits. */
void convert_row_to_8(uint8_t *dst, const struct bsr_image *src, int y);

/* Row `y` without alpha: grey or BGR, laid over white, at 8 or (where the picture has them) 16 bits. */
void convert_row_opaque_8(uint8_t *dst, const struct bsr_image *src, int y);
void convert_row_opaque_16(uint16_t *dst, const struct bsr_image *src, int y);

/* `pixels` from BGR to RGB or back, alpha behind them kept; in place or not. channels 3 or 4. */
void convert_swap_rb_8(uint8_t *dst, const uint8_t *src, size_t pixels, int channels);
void convert_swap_rb_16(uint16_t *dst, const uint16_t *src, size_t pixels, int channels);
