/* engine/kernels/map.h: a map of features in memory: pixels of channels, f32 (NHWC with a batch of one). */
#pragma once

#include <stddef.h>

/* Channels are rounded up to a grain: pixels begin at multiples of it, and what lies between the last channel
 * and the grain's end may be written and read as rubbish (finite where its makers' inputs are). */
enum { MAP_GRAIN = 8 };

struct map {
    float    *data; /* channel 0 of pixel (0, 0), aligned to 4 * MAP_GRAIN bytes */
    int       height, width, channels;
    ptrdiff_t pixel, row; /* floats from a pixel, a row to the next one: multiples of MAP_GRAIN */
};

/* Channels with their padding. */
static inline int map_padded(int channels)
{
    return (channels + MAP_GRAIN - 1) / MAP_GRAIN * MAP_GRAIN;
}

static inline float *map_at(const struct map *map, int y, int x)
{
    return map->data + y * map->row + x * map->pixel;
}
