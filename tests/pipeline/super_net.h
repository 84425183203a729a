/* tests/pipeline/super_net.h: nets that enlarge, for tests: one of each kind that is around, and such that
 * nobody thought of. Their weights are random. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum super_kind {
    SUPER_ESPCN,   /* convolutions, depth to space (Shi et al. 2016), beside the picture by nearest */
    SUPER_FSRCNN,  /* PRelu, ConvTranspose 9x9 (Dong et al. 2016) */
    SUPER_VDSR,    /* 3x3 with a residual, keeps the size (Kim et al. 2016) */
    SUPER_EDSR,    /* residual blocks, 1x1 and 3x3 (Lim et al. 2017) */
    SUPER_UNET,    /* stride 2 and back by linear, Concat; keeps the size */
    SUPER_CUBIC,   /* reflected edges, beside the picture by cubic */
    SUPER_SHUFFLE, /* depth to space as Reshape, Transpose, Reshape of sizes that follow from the picture */
    SUPER_SRCNN,   /* 9x9, 3x3, 5x5: none that besra streams */
    SUPER_KINDS
};
extern const char *const super_names[SUPER_KINDS];

struct super_net {
    int     channels;      /* 1 or 3 */
    int     factor;        /* 2, 3, 4; of those that keep the size nothing */
    int64_t height, width; /* of its input, -1: any */
};

/* Writes it to `path`. Fails the test where it can't be built. */
void super_write(const char *path, enum super_kind kind, const struct super_net *net, uint64_t seed);

/* One of 4 to 16 steps of anything that is local; its factor (1 to 4) is returned. Takes even sizes. */
int super_write_random(const char *path, uint64_t seed);

/* SUPER_SHUFFLE with sizes that are constants: it computes nothing else than at the net's. */
void super_write_one_size(const char *path, const struct super_net *net, uint64_t seed);

/* A net with a global pool somewhere. */
void super_write_global(const char *path, const struct super_net *net);
