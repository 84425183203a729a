/* Numbers of cells out of maps in any order. */
#include "postprocess/yolo_map.h"

enum { FEW = 128 };

_Static_assert(YOLO_MAX_CLASSES + YOLO_BOX_VALUES <= YOLO_FETCH_ROOM, "a row must fit");

static const float *cell_at(const struct yolo_map *map, size_t cell)
{
    const size_t width = (size_t)map->width;
    return map->data + (ptrdiff_t)(cell / width) * map->row + (ptrdiff_t)(cell % width) * map->pixel;
}

const float *yolo_map_line(const struct yolo_map *map, size_t first, size_t count, float *copied)
{
    const size_t width = (size_t)map->width;

    if (map->pixel == 1 && map->row == (ptrdiff_t)width)
        return map->data + first;
    for (size_t i = 0; i < count;) {
        const float *from = cell_at(map, first + i);
        size_t       left = width - (first + i) % width, part = count - i < left ? count - i : left;
        for (size_t k = 0; k < part; k++)
            copied[i + k] = from[(ptrdiff_t)k * map->pixel];
        i += part;
    }
    return copied;
}

const float *yolo_map_cell(const struct yolo_map *map, size_t cell, size_t numbers, float *copied)
{
    const float *from = cell_at(map, cell);

    if (map->channel == 1)
        return from;
    for (size_t k = 0; k < numbers; k++)
        copied[k] = from[(ptrdiff_t)k * map->channel];
    return copied;
}

/* Of a few cells channel by channel, because neighbours in a plane that both passed share cache lines there.
 */
static void gather_few(struct yolo_gathered *gathered, float *rows, const uint32_t *cells, size_t count,
                       ptrdiff_t first)
{
    const size_t    numbers = gathered->numbers;
    const ptrdiff_t channel = gathered->map.channel;
    const float    *from[FEW];

    for (size_t i = 0; i < count; i++)
        from[i] = cell_at(&gathered->map, cells[i]) + first;
    for (size_t k = 0; k < numbers; k++)
        for (size_t i = 0; i < count; i++)
            rows[i * numbers + k] = from[i][(ptrdiff_t)k * channel];
}

static bsr_status gather(void *context, int group, const uint32_t *cells, size_t count, const float **rows,
                         size_t *step, struct bsr_error *err)
{
    struct yolo_gathered *gathered = context;
    const size_t          numbers = gathered->numbers;
    const ptrdiff_t       first = (ptrdiff_t)numbers * group * gathered->map.channel;

    if (count > YOLO_FETCH_ROOM / numbers)
        return bsr_fail(err, BSR_ERANGE, "output", "%zu cells of %zu numbers are too many at once", count,
                        numbers);
    for (size_t i = 0; i < count; i += FEW)
        gather_few(gathered, gathered->rows + i * numbers, cells + i, count - i < FEW ? count - i : FEW,
                   first);
    *rows = gathered->rows;
    *step = numbers;
    return BSR_OK;
}

struct yolo_fetch yolo_fetch_from(struct yolo_gathered *gathered, const struct yolo_map *map, size_t numbers)
{
    gathered->map = *map;
    gathered->numbers = numbers;
    return (struct yolo_fetch){.get = gather, .context = gathered};
}
