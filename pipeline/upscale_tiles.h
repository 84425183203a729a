/* pipeline/upscale_tiles.h: a net that enlarges, run on windows of a picture that overlap by as much as the
 * net looks around a pixel. Memory is that of a window and a row of windows, and seams can't be: what is
 * computed of a pixel is the same, bit for bit, in windows of any size and with any number of threads. */
#pragma once

#include "base/pool.h"
#include "engine/srcnn/srcnn.h"
#include "pipeline/model.h"
#include "pipeline/upscale_grid.h"

/* An engine, for one thread at a time. `model`, whose field is known, must outlive it. Release with
 * tiler_close(). Errors of engine_open(). */
struct tiler;
bsr_status tiler_open(struct tiler **out, const struct model *model, struct bsr_error *err);
void       tiler_close(struct tiler *tiler);

/* Watches its runs from now on; NULL: nobody does. *watch is the caller's. */
void tiler_watch(struct tiler *tiler, const struct watch *watch);

/* The windows of a picture of this size, as the net gets it. */
struct grid tiler_grid(const struct model *model, int width, int height);

/* Bytes that a run takes beside what its source and sink take. */
uint64_t tiler_bytes(const struct model *model, int width, int height);

/* As srcnn_run(): the source fills rows of the net's input, the sink takes those of its output, which has
 * net_factor times as many. Rows are asked for and given window by window, each several times where windows
 * share it. BSR_ENOMEM, BSR_EMODEL, BSR_EENGINE, BSR_ECANCELED. */
bsr_status tiler_run(struct tiler *tiler, int width, int height, struct pool *pool, srcnn_source *source,
                     srcnn_sink *sink, void *context, struct bsr_error *err);
