/* engine/srcnn/packed.h: what srcnn.c makes and run.c runs. */
#pragma once

#include "engine/srcnn/kernels.h"
#include "engine/srcnn/srcnn.h"

struct srcnn {
    const struct srcnn_kernels *kernels;
    struct srcnn_packed         packed;
    int                         middle; /* as given; the packed ones are filled up to fours */
};

/* srcnn_make() by the kernels of a level that the machine has: for tests and benches. */
bsr_status srcnn_make_at(struct srcnn **out, enum cpu_level level, const struct srcnn_weights *weights,
                         struct bsr_error *err);
