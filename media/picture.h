/* media/picture.h: pictures from and to encoded bytes: JPEG, PNG, WebP, TIFF, BMP, PNM by the formats' own
 * libraries or a few lines of ours; anything else through the module besra-media-opencv, when it is there. */
#pragma once

#include "base/bytes.h"
#include "base/image.h"

enum picture_format {
    PICTURE_UNKNOWN,
    PICTURE_JPEG,
    PICTURE_PNG,
    PICTURE_WEBP,
    PICTURE_TIFF,
    PICTURE_BMP,
    PICTURE_PNM,
    PICTURE_RARE, /* known by its first bytes: GIF; and by the module JPEG 2000, Radiance HDR, AVIF, EXR, ...
                     as far as the OpenCV installed reads them */
};

/* What the first bytes say, without decoding: for memory budgets and limits, before any work. */
struct picture_facts {
    enum picture_format format;
    int                 width, height; /* as stored, before EXIF orientation; 0 where only the module knows */
    int                 channels;      /* of the decoded picture, 1..4 (palette: 3 or 4; CMYK: 3) */
    int                 depth;         /* 8 or 16 */
    int                 orientation;   /* EXIF, 1..8; 1 when there is none */
    uint64_t            held;          /* bytes that decoding takes beside the pixels, where those are many */
};

/* The sides of the picture as it is to be seen. */
static inline int picture_upright_width(const struct picture_facts *facts)
{
    return facts->orientation >= 5 ? facts->height : facts->width;
}

static inline int picture_upright_height(const struct picture_facts *facts)
{
    return facts->orientation >= 5 ? facts->width : facts->height;
}

/* A decoded picture, upright (EXIF orientation is applied to the pixels). */
struct picture {
    struct bsr_image    image;
    enum picture_format format;
    struct bytes        icc; /* the colour profile of the pixels as they are now; empty: sRGB or unknown */
    struct bytes exif; /* the EXIF block (TIFF header first), its orientation reset to 1; may be empty */
    struct image_reduction reduction; /* of the image, upright */
};

enum picture_purpose {
    /* 8-bit sRGB BGR: 3 channels; alpha over white, profile applied, CMYK converted. Without a profile, or
     * with one that is sRGB, a JPEG's pixels are OpenCV's and Pillow's to the bit. */
    PICTURE_FOR_NET,

    /* The same, but without applying a profile of grey or RGB: the values as OpenCV's imread reads them,
     * which is what YOLOv5 and its kind were trained on. A profile of RGB stays with the picture. */
    PICTURE_FOR_NET_AS_STORED,

    /* Channels 1..4, depth 8 or 16 and profile as in the file; palette becomes BGR or BGRA, CMYK becomes BGR
     * of sRGB. */
    PICTURE_FOR_EDIT,
};

struct picture_limits {
    uint64_t max_pixels; /* width x height; 0: PICTURE_MAX_PIXELS */
};

#define PICTURE_MAX_PIXELS ((uint64_t)500 * 1000 * 1000)

/* The format that the first bytes claim; PICTURE_UNKNOWN for what is no picture. Reads at most 32 bytes. */
enum picture_format picture_sniff(const uint8_t *data, size_t size);

/* "jpg", "png", "webp", "tiff", "bmp", "ppm"; NULL for the others. */
const char *picture_format_extension(enum picture_format format);

/* From "jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "ppm", "pgm", "pnm" in any case. */
enum picture_format picture_format_from_name(const char *name);

/* BSR_EFORMAT (no picture, names what it looks like where that is known), BSR_EDECODE (damaged header),
 * BSR_ELIMIT (claims more pixels than `limits` allows, or sides over IMAGE_MAX_SIDE). */
bsr_status picture_probe(struct picture_facts *out, const uint8_t *data, size_t size,
                         const struct picture_limits *limits, const char *name, struct bsr_error *err);

/* Decodes a whole encoded picture; of an animation the first frame, of a TIFF of many the first. `name` is
 * for messages. An EXIF directory inside a TIFF is not kept: its offsets are those of the file. Release with
 * picture_free().
 * Errors of picture_probe(), and BSR_EDECODE for truncated or damaged data: a picture that is not whole
 * is no picture. BSR_EMISSING (the module for rare formats is not installed), BSR_ENOMEM. */
bsr_status picture_decode(struct picture *out, const uint8_t *data, size_t size, enum picture_purpose purpose,
                          const struct picture_limits *limits, const char *name, struct bsr_error *err);

/* picture_decode(), as many `times` smaller (1, 2, 4 or 8) as the format can: JPEG, whose blocks are then not
 * decoded in full, for a part of the time and of the memory; others stay as they are. out->reduction says
 * what became of it. The EXIF block and the profile are the whole picture's. BSR_ERANGE for other `times`. */
bsr_status picture_decode_reduced(struct picture *out, const uint8_t *data, size_t size, int times,
                                  enum picture_purpose purpose, const struct picture_limits *limits,
                                  const char *name, struct bsr_error *err);

/* Releases and sets to {0}. */
void picture_free(struct picture *picture);

/* Appends `picture` encoded to *out, with its icc and exif where the format can carry them: JPEG (EXIF up to
 * 64 KB), PNG, WebP; TIFF the icc; BMP and PNM neither. In the EXIF block the tags that repeat the picture's
 * size are set to it. quality 1..100 for JPEG and WebP (ignored by the others). JPEG: 4:2:0 below 90, 4:4:4
 * from there; WebP: 100 is lossless. JPEG and PNM flatten alpha over white; JPEG, WebP and BMP keep the upper
 * 8 of 16 bits (rounded). PNG and TIFF are deflated at zlib's level 3, TIFF with differences along the row.
 * BSR_EFORMAT for formats besra doesn't write (PICTURE_RARE), BSR_ELIMIT where the picture is too large for
 * the format, BSR_ERANGE for the quality, BSR_ENOMEM; *out is then as it was. */
bsr_status picture_encode(struct bytes *out, const struct picture *picture, enum picture_format format,
                          int quality, struct bsr_error *err);
