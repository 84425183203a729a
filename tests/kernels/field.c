#include "tests/kernels/field.h"

#include "base/alloc.h"
#include "tests/kernels/conv_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct field_form field_form(int height, int width, int channels, uint32_t *seed)
{
    return (struct field_form){.height = height,
                               .width = width,
                               .channels = channels,
                               .slice = random_between(seed, 0, 2) == 0,
                               .margin = random_between(seed, 0, 2),
                               .stretch = random_between(seed, 0, 3) ? 1 : 2};
}

struct field field_make(const struct field_form *form, uint32_t *seed)
{
    const int       stretch = form->stretch ? form->stretch : 1, margin = form->margin;
    const ptrdiff_t pixel = map_padded(form->channels) + 2 * form->slice * (ptrdiff_t)MAP_GRAIN;
    const ptrdiff_t wide = (ptrdiff_t)stretch * form->width + 2 * (ptrdiff_t)margin;
    const ptrdiff_t high = (ptrdiff_t)stretch * form->height + 2 * (ptrdiff_t)margin;
    struct field    field = {.floats = (size_t)(wide * high * pixel),
                             .map = {.height = form->height,
                                     .width = form->width,
                                     .channels = form->channels,
                                     .pixel = stretch * pixel,
                                     .row = stretch * wide * pixel}};

    field.memory = mem_alloc_aligned(field.floats, sizeof(float));
    assert_non_null(field.memory);
    for (size_t i = 0; i < field.floats; i++)
        field.memory[i] = NAN;
    field.map.data = field.memory + (margin * wide + margin) * pixel + (ptrdiff_t)form->slice * MAP_GRAIN;
    for (int y = 0; y < form->height; y++)
        for (int x = 0; x < form->width; x++)
            for (int c = 0; c < form->channels; c++)
                map_at(&field.map, y, x)[c] = (float)random_between(seed, -4000, 4000) / 1000.0F;
    return field;
}

void field_free(struct field *field)
{
    mem_free(field->memory);
    *field = (struct field){0};
}

/* ---- running ---------------------------------------------------------------------------------- */

static const float GUARD = 12345.0F;

static void run_op(const struct op *op, bool backwards)
{
    char *scratch = mem_alloc_aligned(op->scratch + 1, 1); /* its end is where it was said to be */

    assert_non_null(scratch);
    assert_true(op->units > 0);
    memset(scratch, 0xFF, op->scratch); /* NaN */
    if (backwards)
        for (int unit = op->units - 1; unit >= 0; unit--)
            op->run(op, unit, unit + 1, scratch);
    else
        op->run(op, 0, op->units, scratch);
    mem_free(scratch);
}

void run_units_backwards(const struct op *op)
{
    run_op(op, true);
}

static void check_rest(const struct field *out)
{
    float *seen = mem_alloc_aligned(out->floats, sizeof(float));

    assert_non_null(seen);
    memcpy(seen, out->memory, out->floats * sizeof(float));
    for (int y = 0; y < out->map.height; y++)
        for (int x = 0; x < out->map.width; x++)
            for (int c = 0; c < map_padded(out->map.channels); c++)
                seen[map_at(&out->map, y, x) + c - out->memory] = GUARD;
    for (size_t i = 0; i < out->floats; i++)
        if (seen[i] != GUARD)
            fail_msg("float %zu of %zu was written: %g", i, out->floats, (double)seen[i]);
    mem_free(seen);
}

void field_run(const struct op *op, const struct field *out)
{
    float *first = mem_alloc_aligned(out->floats, sizeof(float));

    assert_non_null(first);
    for (int backwards = 0; backwards < 2; backwards++) {
        for (size_t i = 0; i < out->floats; i++)
            out->memory[i] = GUARD;
        run_op(op, backwards);
        check_rest(out);
        if (!backwards)
            memcpy(first, out->memory, out->floats * sizeof(float));
    }
    for (int y = 0; y < out->map.height; y++)
        for (int x = 0; x < out->map.width; x++) {
            const float *pixel = map_at(&out->map, y, x);
            assert_memory_equal(first + (pixel - out->memory), pixel,
                                (size_t)out->map.channels * sizeof(float));
        }
    mem_free(first);
}

void field_check(const struct field *out, exact_value *exact, const void *context, double absolute,
                 double relative, bool has_zero_padding)
{
    const struct map *map = &out->map;

    for (int y = 0; y < map->height; y++)
        for (int x = 0; x < map->width; x++) {
            for (int c = 0; c < map->channels; c++) {
                double found = (double)field_at(out, y, x, c), should = exact(context, y, x, c);
                if (!(fabs(found - should) <= absolute + relative * fabs(should)) && found != should)
                    fail_msg("of %d x %d x %d, channel %d of (%d, %d) is %.9g, should be %.9g", map->channels,
                             map->height, map->width, c, y, x, found, should);
            }
            for (int c = map->channels; has_zero_padding && c < map_padded(map->channels); c++)
                if (field_at(out, y, x, c) != 0.0F)
                    fail_msg("padding %d of (%d, %d) is %g", c, y, x, (double)field_at(out, y, x, c));
        }
}
