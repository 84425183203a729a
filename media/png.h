/* media/png.h: what the reading and the writing half of the PNG codec share. */
#pragma once

#include "media/picture.h"

/* See struct picture_codec. */
bsr_status png_encode(struct bytes *out, const struct picture *picture, int quality, struct bsr_error *err);
