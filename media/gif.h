/* media/gif.h: the first frame of a GIF, by giflib: OpenCV's imgcodecs, which reads the other rare formats,
 * learned GIF only with 4.11. */
#pragma once

#include "media/picture_codec.h"

bool gif_is(const struct picture_source *source);

/* See struct picture_codec. BGR, or BGRA where the frame has a transparent colour or leaves out some of the
 * picture. */
bsr_status gif_probe(struct picture_facts *facts, const struct picture_source *source, struct bsr_error *err);
bsr_status gif_decode(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err);
