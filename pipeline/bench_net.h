/* pipeline/bench_net.h: the net of a bench alone: runs, multiplications, layers. For bench.c. */
#pragma once

#include "base/pool.h"
#include "pipeline/feeds.h"
#include "pipeline/model.h"

struct bench_net {
    struct engine       *engine; /* NULL: it is SRCNN */
    const void          *onnx;   /* borrowed */
    size_t               size;
    const char          *name;
    struct feeds         feeds;
    struct engine_value *values; /* [feeds.count] */

    const struct srcnn *srcnn;
    struct pool        *pool; /* the caller's */
    struct bsr_tensor   in, out;
};

/* Takes over `feeds`, also on failure. Release with bench_net_close(). */
bsr_status bench_net_open(struct bench_net *net, const void *onnx, size_t size, const char *name,
                          struct feeds *feeds, const struct engine_options *engine, struct bsr_error *err);

/* SRCNN on planes of this size. */
bsr_status bench_net_open_srcnn(struct bench_net *net, const struct srcnn *srcnn, struct pool *pool,
                                int width, int height, struct bsr_error *err);
void       bench_net_close(struct bench_net *net);
bsr_status bench_net_run(struct bench_net *net, struct bsr_error *err);

bsr_status bench_net_macs(double *macs, const struct bench_net *net, struct bsr_error *err);
bsr_status bench_net_layers(struct bench_net *net, int runs, struct engine_step **steps, int *count,
                            struct bsr_error *err);
