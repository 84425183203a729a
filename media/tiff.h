/* media/tiff.h: what the parts of the TIFF codec share. */
#pragma once

#include "media/picture_codec.h"

#include <tiffio.h>

/* ---- tiff_memory.c: libtiff on memory instead of files, with nothing said to the terminal ------- */

struct tiff_memory {
    const uint8_t *data; /* what is read, */
    size_t         size;
    struct bytes  *out; /* or where is written, from `start` on */
    size_t         start, at;
    char           why[256]; /* the library's first complaint */
    bool           damaged;  /* libjpeg went on behind damage and only warned */
};

/* `mode` as TIFFOpen() takes it. NULL when it can't be opened: memory->why says why, where that is known.
 * Release with TIFFClose() before `memory` goes. */
TIFF *tiff_open(struct tiff_memory *memory, const char *mode);

/* ---- tiff_layout.c: how the samples of a file are arranged ---------------------------------------- */

struct tiff_layout {
    uint32_t width, height;
    unsigned bits;       /* of a sample: 1, 2, 4, 8 or 16 */
    unsigned samples;    /* of a pixel in the file */
    unsigned colours;    /* of these the first: 1, 3 or 4 (inks) */
    bool     alpha;      /* the next one is opacity, */
    bool     associated; /* and the colours were multiplied by it */
    bool     palette;    /* the one colour is a number in `colour_map` */
    bool     white_is_0;
    bool     separate;                     /* a plane for each sample */
    bool     by_library;                   /* rare colours: libtiff makes 8-bit RGB of them itself */
    int      channels, depth, orientation; /* of the decoded picture, as struct picture_facts has them */
    uint8_t  colour_map[256][3];           /* BGR */
};

/* Reads and checks all that matters, limits included. BSR_EFORMAT for what besra doesn't read. */
bsr_status tiff_read_layout(struct tiff_layout *layout, TIFF *tiff, const struct picture_source *source,
                            struct bsr_error *err);

/* ---- tiff_directory.c ------------------------------------------------------------------------------- */

/* Whether the values of the tags that a picture can't do without are all in the file (libtiff leaves out what
 * it can't read, and shows a palette's numbers as greys), and its size within the limits. BSR_EDECODE,
 * BSR_ELIMIT. */
bsr_status tiff_check_directory(const struct picture_source *source, struct bsr_error *err);

/* ---- tiff_samples.c: samples to pixels ------------------------------------------------------------ */

/* Puts `count` pixels of a row of samples to (x, y). `plane` is the sample that the row holds, or -1: all. */
void tiff_place_row(const struct bsr_image *image, const struct tiff_layout *layout, size_t x, int y,
                    size_t count, const uint8_t *row, int plane);

/* Divides the colours by their alpha, rounded. */
void tiff_make_alpha_straight(const struct bsr_image *image);

/* ---- tiff_write.c ----------------------------------------------------------------------------------- */

/* See struct picture_codec. */
bsr_status tiff_encode(struct bytes *out, const struct picture *picture, int quality, struct bsr_error *err);
