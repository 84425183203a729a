/* engine/srcnn/srcnn.h: the body of SRCNN (Dong et al. 2014: convolutions 9x9, 1x1, 5x5 with ReLU between) on
 * pictures of any size, row after row: memory is a few rows, whatever the height. What a row becomes depends
 * neither on threads nor on how the rows come. */
#pragma once

#include "base/pool.h"
#include "base/status.h"
#include "base/watch.h"

enum { SRCNN_MAX_MAPS = 1024, SRCNN_MAX_SIDE = 1 << 20 };

/* In ONNX's layout. Biases may be NULL. */
struct srcnn_weights {
    int          channels;             /* 1 or 3, in and out */
    int          maps, middle;         /* of the first and of the second layer, up to SRCNN_MAX_MAPS */
    const float *first, *first_bias;   /* [maps][channels][9][9], [maps] */
    const float *second, *second_bias; /* [middle][maps], [middle] */
    const float *third, *third_bias;   /* [channels][middle][5][5], [channels] */
};

struct srcnn;

/* Packs the weights for the processor's kernels. BSR_ENOMEM, BSR_ERANGE. Release with srcnn_free(). */
bsr_status srcnn_make(struct srcnn **out, const struct srcnn_weights *weights, struct bsr_error *err);
void       srcnn_free(struct srcnn *srcnn);
int        srcnn_channels(const struct srcnn *srcnn);

/* Multiplications for a picture, as the layers are written. */
double srcnn_macs(const struct srcnn *srcnn, int width, int height);

/* Bytes that a run takes beside what its source and sink take. */
size_t srcnn_bytes(const struct srcnn *srcnn, int width, int threads);

/* Fills row y of each channel (width floats). Called once a row, in turn by several workers (0 .. threads -
 * 1, never two as the same at once) for different rows. */
typedef void srcnn_source(void *context, int worker, int y, float *const rows[3]);

/* Takes row y of each channel. As above. */
typedef void srcnn_sink(void *context, int worker, int y, const float *const rows[3]);

/* A row has been taken by the sink before the source fills the one so many rows further on. */
enum { SRCNN_DELAY = 18 };

/* `pool` may be NULL. BSR_ENOMEM, BSR_ERANGE. */
bsr_status srcnn_run(const struct srcnn *srcnn, int width, int height, struct pool *pool,
                     srcnn_source *source, srcnn_sink *sink, void *context, struct bsr_error *err);

/* The same, watched. BSR_ECANCELED, also. */
bsr_status srcnn_run_watched(const struct srcnn *srcnn, int width, int height, struct pool *pool,
                             srcnn_source *source, srcnn_sink *sink, void *context, const struct watch *watch,
                             struct bsr_error *err);

/* The same, of planes in memory: [channels][height][width]. */
bsr_status srcnn_run_planes(const struct srcnn *srcnn, const float *in, float *out, int width, int height,
                            struct pool *pool, struct bsr_error *err);
