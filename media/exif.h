/* media/exif.h: the few tags of an EXIF block that besra reads or sets, found and patched in place, so that
 * everything else (maker notes with their absolute offsets above all) stays as the camera wrote it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Skips "Exif\0\0" in front of a block, as JPEG has it and some writers of other formats add it.
 * Returns the TIFF header, or NULL when there is none; *size becomes that of the rest. */
const uint8_t *exif_header(const uint8_t *block, size_t *size);

/* 1..8 from the first directory; 1 when there is none or it makes no sense. */
int exif_orientation(const uint8_t *block, size_t size);

/* Sets the orientation tag to 1, where there is one. */
void exif_reset_orientation(uint8_t *block, size_t size);

/* Sets the tags that repeat the picture's size (PixelXDimension, PixelYDimension; ImageWidth and ImageLength
 * where a writer added them), where there are some. */
void exif_set_size(uint8_t *block, size_t size, int width, int height);
