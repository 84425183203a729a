/* The pictures of tests/media/data, and what they must decode to (make_pictures.py). */
#pragma once

#include "base/bytes.h"

struct expected_pixels {
    size_t at; /* in golden.bin; rows without padding, 16 bits little-endian */
    int    width, height, channels, depth;
};

struct picture_file {
    const char            *name;
    struct expected_pixels for_net, for_edit;
    int                    tolerance; /* of for_net */
    int                    orientation;
    size_t                 icc, exif; /* bytes that come with it */
};

extern const struct picture_file picture_files[];
extern const size_t              picture_file_count;

/* The contents of data/`name`; fails the test when it is not there. Release with bytes_free(). */
struct bytes read_picture_file(const char *name);
