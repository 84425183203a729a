/* TIFF out, by libtiff: strips of deflated rows, each value told as the difference to its left neighbour. */
#include "media/tiff.h"

#include "base/alloc.h"
#include "media/convert.h"

#include <string.h>

/* Strips of about this size: large enough to compress well, small enough for readers that take them whole. */
enum { STRIP_BYTES = 1 << 18 };

/* As for PNG (png_write.c). */
enum { ZLIB_LEVEL = 3 };

/* Classic TIFF counts in 32 bits; from here on it is BigTIFF, which most programs read by now. */
#define CLASSIC_BYTES ((uint64_t)3 << 30)

static bool set_fields(TIFF *tiff, const struct picture *picture)
{
    const struct bsr_image *image = &picture->image;
    bool                    colour = image->channels >= 3, alpha = image->channels % 2 == 0;
    uint16_t                straight = EXTRASAMPLE_UNASSALPHA;
    uint32_t                rows = (uint32_t)(STRIP_BYTES / image->stride) + 1;
    return TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)image->width) &&
           TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t)image->height) &&
           TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image->channels) &&
           TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, image->depth) &&
           TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, colour ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK) &&
           (!alpha || TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &straight)) &&
           TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
           TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
           TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) &&
           TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, ZLIB_LEVEL) &&
           TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL) &&
           TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, rows) &&
           TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 72.0) && /* baseline TIFF demands them */
           TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 72.0) &&
           TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH) &&
           (!picture->icc.size || picture->icc.size > UINT32_MAX ||
            TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)picture->icc.size, picture->icc.data));
}

/* The library wants RGB and changes what it is given: a copy in any case. */
static void copy_row(uint8_t *dst, const struct bsr_image *image, int y)
{
    const uint8_t *src = image_row(image, y);
    size_t         width = (size_t)image->width;
    if (image->channels <= 2)
        memcpy(dst, src, width * image_pixel_size(image));
    else if (image->depth == 8)
        convert_swap_rb_8(dst, src, width, image->channels);
    else
        convert_swap_rb_16((uint16_t *)(void *)dst, (const uint16_t *)(const void *)src, width,
                           image->channels);
}

static bool write_rows(TIFF *tiff, const struct bsr_image *image, uint8_t *row)
{
    for (int y = 0; y < image->height; y++) {
        copy_row(row, image, y);
        if (TIFFWriteScanline(tiff, row, (uint32_t)y, 0) != 1)
            return false;
    }
    return TIFFFlush(tiff) == 1;
}

bsr_status tiff_encode(struct bytes *out, const struct picture *picture, int quality, struct bsr_error *err)
{
    (void)quality;
    const struct bsr_image *image = &picture->image;
    struct tiff_memory      memory = {.out = out, .start = out->size};
    size_t                  size = (size_t)image->width * image_pixel_size(image);
    bool                    big = (uint64_t)size * (uint64_t)image->height > CLASSIC_BYTES;
    uint8_t                *row = mem_alloc(size);
    if (!row)
        return bsr_fail_memory(err, NULL, size);

    TIFF *tiff = tiff_open(&memory, big ? "w8" : "w");
    bool  written = tiff && set_fields(tiff, picture) && write_rows(tiff, image, row);
    if (tiff)
        TIFFClose(tiff);
    mem_free(row);
    if (out->failed || (!written && !memory.why[0]))
        return bsr_fail_memory(err, NULL, size * (size_t)image->height);
    if (memory.why[0]) /* also what went wrong while closing */
        return bsr_fail(err, BSR_EFORMAT, NULL, "can't be a TIFF: %s", memory.why);
    return BSR_OK;
}
