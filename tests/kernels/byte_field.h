/* tests/kernels/byte_field.h: maps of bytes or floats in memory of exactly their size, for tests. */
#pragma once

#include "engine/kernels/kernels.h"

#include <stdint.h>

struct byte_field {
    uint8_t   *memory;
    size_t     size; /* bytes */
    struct map map;
};

/* How a map lies in memory. */
struct byte_form {
    int          height, width, channels;
    int          halo[4];
    int          slice; /* grains of foreign channels on either side of its own */
    struct steps steps; /* of bytes, or none: floats */
};

/* Bytes are random, floats between -4 and 4 and, but for the map's own channels, NaN. */
struct byte_field byte_field_make(const struct byte_form *form, uint32_t *seed);
void              byte_field_free(struct byte_field *field);

/* The number at a place. */
double byte_field_at(const struct byte_field *field, int y, int x, int channel);

/* Fills all with one byte. */
void byte_field_fill(const struct byte_field *field, uint8_t byte);

/* Fails where anything but the map's channels, with their padding, differs from `byte`. */
void byte_field_check_guard(const struct byte_field *field, uint8_t byte);

/* Fails where two maps of one form differ in a bit of their channels. */
void byte_field_check_same(const struct byte_field *a, const struct byte_field *b);

/* Runs an operation with scratch memory of its exact size: as a whole, or unit by unit from the last on. */
void byte_field_run(const struct op *op, bool backwards);
