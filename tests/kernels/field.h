/* tests/kernels/field.h: maps in memory of exactly their size, for tests of simple operations. */
#pragma once

#include "engine/kernels/lines.h"
#include "engine/kernels/simple.h"

#include <stdint.h>

struct field {
    float     *memory;
    size_t     floats;
    struct map map;
};

/* How a map lies in memory. */
struct field_form {
    int height, width, channels;
    int slice;   /* grains of foreign channels on either side of its own */
    int margin;  /* foreign pixels on each side */
    int stretch; /* its pixels lie this many pixels and rows apart; 0 is 1 */
};

/* Values of `seed` between -4 and 4; all that is not the map's holds NaN. */
struct field field_make(const struct field_form *form, uint32_t *seed);
void         field_free(struct field *field);

/* A random form of this size. */
struct field_form field_form(int height, int width, int channels, uint32_t *seed);

static inline float field_at(const struct field *field, int y, int x, int channel)
{
    return map_at(&field->map, y, x)[channel];
}

/* Runs an operation whose output is `out`: as a whole, and once more in single units from the last to the
 * first one; with scratch memory of its exact size that holds NaN. Fails when the results differ in a bit, or
 * when anything but the map's channels with their padding is written. */
void field_run(const struct op *op, const struct field *out);

/* The same without any checks of the output. */
void run_units_backwards(const struct op *op);

/* What a pixel's channel should be. */
typedef double exact_value(const void *context, int y, int x, int channel);

/* Each value is within `absolute` + `relative` * |exact|; padding that was said to become zero is. */
void field_check(const struct field *out, exact_value *exact, const void *context, double absolute,
                 double relative, bool has_zero_padding);
