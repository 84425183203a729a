/* media/jpeg.h: what the reading and the writing half of the JPEG codec share. */
#pragma once

#include "media/picture.h"

#include <stdio.h> /* jpeglib.h needs FILE */

#include <jpeglib.h>

/* The library's current message as text, cut to `size`. */
void jpeg_message(struct jpeg_common_struct *info, char *text, size_t size);

/* See struct picture_codec. */
bsr_status jpeg_encode(struct bytes *out, const struct picture *picture, int quality, struct bsr_error *err);
