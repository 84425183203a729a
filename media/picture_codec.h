/* media/picture_codec.h: what picture.c and the formats' files say to each other. One table of functions per
 * format; a format knows its library and nothing of purposes, orientation or colour conversion. */
#pragma once

#include "media/picture.h"

/* An encoded picture in memory, and what it may cost. */
struct picture_source {
    const uint8_t *data;
    size_t         size;
    const char    *name; /* for messages; may be NULL */
    uint64_t       max_pixels;
    int            times; /* how many times smaller it may be decoded: 1, 2, 4, 8 */
};

/* A picture as its format stores it: not upright, in its own colours. The codec fills it part by part and
 * may leave it half filled when it fails: the caller releases it with decoded_free() either way. */
struct decoded {
    struct bsr_image image;         /* grey, grey and alpha, BGR, BGRA; or CMYK when `cmyk` is set */
    bool             cmyk;          /* four channels are inks, 0 is none */
    int              orientation;   /* EXIF, 1..8 */
    int              times;         /* how many times smaller than `width` x `height` the image is; */
    int              width, height; /* 0 by a codec that decodes all in full */
    struct bytes     icc;
    struct bytes     exif; /* TIFF header first */
};

struct picture_codec {
    const char *title; /* "JPEG" */

    /* Header only. Checks the limits. Leaves facts->format alone. */
    bsr_status (*probe)(struct picture_facts *facts, const struct picture_source *source,
                        struct bsr_error *err);
    /* All of it; checks the limits before it allocates for pixels. */
    bsr_status (*decode)(struct decoded *decoded, const struct picture_source *source, struct bsr_error *err);
    /* Appends; NULL for what besra doesn't write. The subject of errors is the caller's to set. */
    bsr_status (*encode)(struct bytes *out, const struct picture *picture, int quality,
                         struct bsr_error *err);
};

extern const struct picture_codec jpeg_codec, png_codec, webp_codec, tiff_codec, bmp_codec, pnm_codec,
    rare_codec;

void decoded_free(struct decoded *decoded);

/* Whether a picture of this size may be decoded: BSR_EDECODE for an empty one, BSR_ELIMIT. */
bsr_status picture_check_size(const struct picture_source *source, uint64_t width, uint64_t height,
                              struct bsr_error *err);

/* picture_check_size(), then whether `bytes` of pixels can come out of the source at all, where one byte of
 * it can stand for at most `ratio`: what is claimed by a stub of a file is not allocated. BSR_EDECODE. */
bsr_status picture_check_claim(const struct picture_source *source, uint64_t width, uint64_t height,
                               uint64_t bytes, uint64_t ratio, struct bsr_error *err);

/* image_alloc() with the source's name in the message. */
bsr_status decoded_alloc(struct decoded *decoded, const struct picture_source *source, int width, int height,
                         int channels, int depth, struct bsr_error *err);

/* Copies a format's profile or EXIF block; "Exif\0\0" in front of the latter is left out. */
bsr_status decoded_set_icc(struct decoded *decoded, const struct picture_source *source, const void *data,
                           size_t size, struct bsr_error *err);
bsr_status decoded_set_exif(struct decoded *decoded, const struct picture_source *source, const void *data,
                            size_t size, struct bsr_error *err);

/* What unreadable bytes look like ("a PDF document"), or NULL. */
const char *picture_looks_like(const uint8_t *data, size_t size);

/* The rare format that the first bytes are known by ("GIF"), or NULL. */
const char *picture_rare_title(const uint8_t *data, size_t size);
