/* media/profile.h: colours to sRGB, by the profile that came with the picture (Little CMS). */
#pragma once

#include "base/bytes.h"
#include "base/image.h"

/* Makes the colours of a grey, BGR (each with or without alpha) or, when `cmyk`, CMYK picture sRGB. Depth,
 * alpha and channels stay, but CMYK always becomes BGR, without a usable profile by the plain (1 - ink) * (1
 * - black).
 *
 * A profile that is sRGB in all but name leaves every value as it is: its primaries and its curves are
 * compared, not its title. A profile that is broken, or for other colours than the picture's, is ignored; so
 * is one of RGB on a grey picture, as equal red, green and blue are grey in both.
 *
 * The intent is relative colorimetric with black point compensation: what both spaces can show stays exact,
 * which perceptual tables (each vendor's own taste) do not promise, and black stays black. Profiles of curves
 * and primaries, nearly all of RGB and grey, are computed as the ICC specification says (ICC.1:2010, F.3);
 * those of tables, as for CMYK, by Little CMS.
 * BSR_ENOMEM; *image is then as it was. */
bsr_status profile_to_srgb(struct bsr_image *image, bool cmyk, const struct bytes *icc,
                           struct bsr_error *err);
