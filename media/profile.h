/* media/profile.h: colours to sRGB, by the profile that came with the picture (Little CMS). */
#pragma once

#include "base/bytes.h"
#include "base/image.h"

/* Makes the colours of a grey, BGR (each with or without alpha) or, when `cmyk`, CMYK picture sRGB. Depth and
 * alpha stay. Grey stays one channel where there is nothing to do and becomes BGR where its profile says
 * more; CMYK always becomes BGR, without a usable profile by the plain (1 - ink) * (1 - black).
 *
 * A profile that is sRGB in all but name leaves every value as it is: its primaries and its curve are
 * compared, not its title. A profile that is broken, or for other colours than the picture's, is ignored.
 *
 * The intent is relative colorimetric with black point compensation: what both spaces can show stays exact,
 * which perceptual tables (each vendor's own taste) do not promise, and black stays black.
 * BSR_ENOMEM; *image is then as it was. */
bsr_status profile_to_srgb(struct bsr_image *image, bool cmyk, const struct bytes *icc,
                           struct bsr_error *err);
