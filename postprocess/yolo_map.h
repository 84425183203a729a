/* postprocess/yolo_map.h: what decoders read of maps. Inside postprocess/ only. */
#pragma once

#include "postprocess/yolo.h"

/* Channel 0 of `count` cells from `first` on, one beside the other: where it lies, or copied[count]. */
const float *yolo_map_line(const struct yolo_map *map, size_t first, size_t count, float *copied);

/* All `numbers` of a cell beside each other: where they lie, or copied[numbers]. */
const float *yolo_map_cell(const struct yolo_map *map, size_t cell, size_t numbers, float *copied);
