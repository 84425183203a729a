/* engine/kernels/map.h: a map of features in memory: pixels of channels (NHWC with a batch of one), f32 or in
 * bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Channels are rounded up to a grain: pixels begin at multiples of it, and what lies between the last channel
 * and the grain's end may be written and read as rubbish (finite where its makers' inputs are). */
enum { MAP_GRAIN = 8 };

/* What a byte stands for: (byte - zero) * scale. A scale of 0: numbers are f32 as they are. */
struct steps {
    float scale;
    int   zero; /* 0..255 */
};

struct map {
    union { /* channel 0 of pixel (0, 0), aligned to MAP_GRAIN numbers */
        float   *data;
        uint8_t *bytes; /* where it has steps */
    };
    int          height, width, channels;
    ptrdiff_t    pixel, row; /* numbers from a pixel, a row to the next one: multiples of MAP_GRAIN */
    struct steps steps;
};

static inline bool steps_are_bytes(struct steps steps)
{
    return steps.scale != 0;
}

static inline bool steps_are_same(struct steps a, struct steps b)
{
    return a.scale == b.scale && (a.scale == 0 || a.zero == b.zero);
}

/* Channels with their padding. */
static inline int map_padded(int channels)
{
    return (channels + MAP_GRAIN - 1) / MAP_GRAIN * MAP_GRAIN;
}

static inline float *map_at(const struct map *map, int y, int x)
{
    return map->data + y * map->row + x * map->pixel;
}

static inline uint8_t *map_bytes_at(const struct map *map, int y, int x)
{
    return map->bytes + y * map->row + x * map->pixel;
}
