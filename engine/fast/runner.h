/* engine/fast/runner.h: what a runner has. Inside this folder only. */
#pragma once

#include "base/team.h"
#include "engine/fast/fast.h"

struct fast_runner {
    struct team    *team;
    float          *arena;
    size_t          floats;
    char           *scratch; /* of each thread, one behind the other */
    size_t          scratch_each, scratch_threads;
    struct fast_way way;

    /* of fast_head_rows() */
    float *pixels, *rows; /* what comes in, what comes out */
    size_t pixel_floats, row_floats;
};
