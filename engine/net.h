/* engine/net.h: a prepared graph that runs: OpenCV's part, the regions inside it and the tail behind it, or
 * all of it by besra's own operators. */
#pragma once

#include "engine/complaint.h"
#include "engine/engine.h"
#include "engine/refusals.h"

struct net;

/* How to make one. */
struct net_request {
    struct onnx_model        *model;  /* prepared, with fixed shapes: the net's, also when it can't be made */
    const struct onnx_values *values; /* what is known of it; only read while the net is made */
    const char               *backend; /* as engine_options.backend */
    const char               *name;    /* for messages; must outlive the net */
    bool                      besra;   /* nothing is for OpenCV */
    struct fast_runner       *runner;  /* where fast regions run; NULL: there are none. Outlives the net */
    const struct engine_wish *wishes;  /* for each output; NULL: there are none */
    struct refusals          *refusals;
    struct net *const        *others; /* made before: one that is the same at any size is given instead */
    int                       other_count;
};

/* Makes a net, or holds one of the others. `types` gets what comes out of the front at these shapes: a type,
 * dims and shape for each of net_front_outputs(), to be released by mem_free(). BSR_EMODEL where a node can't
 * be run by anyone (says which and why), BSR_ENOMEM. Release with net_drop(). */
bsr_status net_make(struct net **out, struct bsr_tensor **types, const struct net_request *request,
                    struct bsr_error *err);
void       net_hold(struct net *net);
void       net_drop(struct net *net);

/* Whether it holds few numbers of its own: packed weights of fast regions are shared. */
bool net_is_light(const struct net *net);

/* Bytes of working memory that its fast regions take, one after the other in the same place. */
size_t net_fast_bytes(const struct net *net);

/* What a profile times; the net's. */
struct net_parts {
    struct opencv_net        *opencv; /* NULL: nothing is for OpenCV */
    struct net_region *const *regions;
    int                       region_count;
    struct fast_runner       *runner;
    bool                      tail; /* operators behind OpenCV, or all of it */
};
struct net_parts net_parts(const struct net *net);

/* As engine_head() and engine_head_rows(). */
bool       net_head(const struct net *net, int output, struct engine_head *out);
bsr_status net_head_rows(const struct net *net, int output, int group, const uint32_t *pixels, size_t count,
                         const float **rows, size_t *step, struct bsr_error *err);

/* Whether besra's operators run all of it. */
bool net_is_whole(const struct net *net);

/* The model of the tail, whose nodes besra's operators run, or NULL; the whole model, where they run it all.
 */
const struct onnx_model *net_tail(const struct net *net);

/* Where an output of a run comes from. */
struct net_output {
    struct bsr_tensor tensor;
    bool              owned; /* its data is to be freed; otherwise it is the net's until the next run */
};

/* Runs on inputs, in the order of the model, of the shapes that the net and `types` were made for. Fills
 * outputs in the order of the model (what is owned by them before is not freed). Where OpenCV refuses its
 * part at run time, *refused is set, and the request's refusals were given as many names as it has told: the
 * net is to be made again. BSR_EENGINE, BSR_ENOMEM. */
bsr_status net_run(struct net *net, const struct bsr_tensor *types, const struct bsr_tensor *inputs,
                   struct net_output *outputs, bool *refused, struct complaint *complaint,
                   struct bsr_error *err);
