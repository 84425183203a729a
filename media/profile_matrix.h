/* media/profile_matrix.h: from colours of a profile with curves (and primaries) to sRGB, in a few operations
 * a pixel. Little CMS's own way takes forty times as long for 16 bits, or tables that are off by some steps
 * of 8 in the dark. */
#pragma once

#include "base/image.h"

struct profile_matrix {
    const float *light[3];      /* red, green, blue, or grey: of each value of the depth, 0..1 */
    float        to_srgb[3][3]; /* linear RGB of the profile to linear sRGB */
};

/* Fills to_srgb from the primaries: the columns are red, green and blue in XYZ of D50. */
void profile_matrix_from_primaries(struct profile_matrix *matrix, double primaries[3][3]);

/* In place, 8 or 16 bits, alpha stays. BGR or BGRA by all three curves and the matrix; grey, with alpha or
 * not, by light[0] alone. */
void profile_matrix_apply(const struct profile_matrix *matrix, const struct bsr_image *image);
