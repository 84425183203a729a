#include "tests/kernels/byte_field.h"

#include "base/alloc.h"
#include "tests/kernels/conv_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static size_t number_size(const struct map *map)
{
    return steps_are_bytes(map->steps) ? 1 : sizeof(float);
}

static uint8_t *place_of(const struct map *map, int y, int x)
{
    return map->bytes + (y * map->row + x * map->pixel) * (ptrdiff_t)number_size(map);
}

static void randomize(const struct byte_field *field, uint32_t *seed)
{
    const struct map *map = &field->map;

    for (size_t i = 0; i < field->size; i++)
        field->memory[i] = (uint8_t)random_between(seed, 0, 255);
    if (steps_are_bytes(map->steps))
        return;
    memset(field->memory, 0xFF, field->size); /* NaN */
    for (int y = 0; y < map->height; y++)
        for (int x = 0; x < map->width; x++)
            for (int c = 0; c < map->channels; c++)
                map_at(map, y, x)[c] = (float)random_between(seed, -1000, 1000) / 250.0F;
}

struct byte_field byte_field_make(const struct byte_form *form, uint32_t *seed)
{
    struct byte_field field = {
        .map = {
            .height = form->height, .width = form->width, .channels = form->channels, .steps = form->steps}};
    struct map  *map = &field.map;
    const size_t each = number_size(map);

    map->pixel = map_padded(form->channels) + (ptrdiff_t)2 * form->slice * MAP_GRAIN;
    map->row = (form->halo[1] + form->width + form->halo[3]) * map->pixel;
    field.size = (size_t)(form->halo[0] + form->height + form->halo[2]) * (size_t)map->row * each;
    field.memory = mem_alloc_aligned(field.size, 1);
    assert_non_null(field.memory);
    map->bytes =
        field.memory +
        (size_t)(form->halo[0] * map->row + form->halo[1] * map->pixel + form->slice * MAP_GRAIN) * each;
    randomize(&field, seed);
    return field;
}

void byte_field_free(struct byte_field *field)
{
    mem_free(field->memory);
}

double byte_field_at(const struct byte_field *field, int y, int x, int channel)
{
    const struct map *map = &field->map;

    if (!steps_are_bytes(map->steps))
        return (double)map_at(map, y, x)[channel];
    return (map_bytes_at(map, y, x)[channel] - map->steps.zero) * (double)map->steps.scale;
}

void byte_field_fill(const struct byte_field *field, uint8_t byte)
{
    memset(field->memory, byte, field->size);
}

void byte_field_check_guard(const struct byte_field *field, uint8_t byte)
{
    const struct map *map = &field->map;
    uint8_t          *seen = mem_alloc_aligned(field->size, 1);

    assert_non_null(seen);
    memcpy(seen, field->memory, field->size);
    for (int y = 0; y < map->height; y++)
        for (int x = 0; x < map->width; x++)
            memset(seen + (place_of(map, y, x) - field->memory), byte,
                   (size_t)map_padded(map->channels) * number_size(map));
    for (size_t i = 0; i < field->size; i++)
        if (seen[i] != byte)
            fail_msg("byte %zu of %zu was written: %u", i, field->size, seen[i]);
    mem_free(seen);
}

void byte_field_check_same(const struct byte_field *a, const struct byte_field *b)
{
    for (int y = 0; y < a->map.height; y++)
        for (int x = 0; x < a->map.width; x++)
            assert_memory_equal(place_of(&a->map, y, x), place_of(&b->map, y, x),
                                (size_t)a->map.channels * number_size(&a->map));
}

void byte_field_run(const struct op *op, bool backwards)
{
    void *scratch = mem_alloc_aligned(op->scratch + 1, 1);

    assert_non_null(scratch);
    assert_true(op->units > 0);
    memset(scratch, 0xFF, op->scratch);
    if (!backwards)
        op->run(op, 0, op->units, scratch);
    for (int unit = op->units - 1; backwards && unit >= 0; unit--)
        op->run(op, unit, unit + 1, scratch);
    mem_free(scratch);
}
