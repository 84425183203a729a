/* engine/kernels/simple_op.h: what the operations of simple.h have in common. */
#pragma once

#include "engine/kernels/lines.h"
#include "engine/kernels/simple.h"

/* `in` may be NULL. A unit is a row of the output. */
static inline struct op simple_op(op_run *run, const char *what, const struct map *in, const struct map *out)
{
    struct op op = {.run = run, .units = out->height, .what = what, .out = *out};

    if (in)
        op.in = *in;
    op.lines = line_kernels_at(cpu_level());
    return op;
}

/* Whether pixels lie side by side: a row is as good as one long pixel. */
static inline bool is_solid(const struct map *map)
{
    return map->pixel == map_padded(map->channels);
}

/* Whether rows do, too. */
static inline bool is_tight(const struct map *map)
{
    return map->row == map->width * map->pixel;
}
