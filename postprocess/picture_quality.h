/* postprocess/picture_quality.h: how near an enlarged picture is to the true one.
 *
 * As papers on super-resolution do it, on luma: Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255 (ITU-R
 * BT.601 in its 16..235 range, what MATLAB's rgb2ycbcr computes), not rounded, against a peak of 255. Grey
 * counts as R = G = B, alpha is left out, 16 bits are scaled to 0..255. `border` pixels of each side are not
 * looked at (usual: the factor of enlargement). */
#pragma once

#include "base/image.h"

enum { SSIM_WINDOW = 11 }; /* pixels */

/* 10 log10(255^2 / mean squared difference), dB; infinite for equal pictures.
 * BSR_ERANGE when the sizes differ, a format is none of besra's, or the border leaves nothing. */
bsr_status picture_psnr(double *psnr, const struct bsr_image *a, const struct bsr_image *b, int border,
                        struct bsr_error *err);

/* Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004): 11 x 11 Gaussian windows of sigma 1.5 that
 * lie wholly inside, K1 = 0.01, K2 = 0.03, their mean. -1..1, 1 for equal pictures.
 * BSR_ERANGE as above and when the border leaves less than a window; BSR_ENOMEM for some 60 rows. */
bsr_status picture_ssim(double *ssim, const struct bsr_image *a, const struct bsr_image *b, int border,
                        struct bsr_error *err);

/* Luma as a file would hold it: levels 0..255, rounded half up, as MATLAB's rgb2ycbcr gives for 8-bit
 * pictures and as papers compare it. levels[height][width], the caller's. BSR_ERANGE for a format that is
 * none of besra's, BSR_ENOMEM for a row. */
bsr_status luma_levels(uint8_t *levels, const struct bsr_image *image, struct bsr_error *err);

/* PSNR and SSIM of such planes; errors as above. */
struct luma_plane {
    const uint8_t *levels; /* [height][width] */
    int            width, height;
};
bsr_status luma_psnr(double *psnr, const struct luma_plane *a, const struct luma_plane *b, int border,
                     struct bsr_error *err);
bsr_status luma_ssim(double *ssim, const struct luma_plane *a, const struct luma_plane *b, int border,
                     struct bsr_error *err);
