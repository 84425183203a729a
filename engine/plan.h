/* engine/plan.h: a model made ready for the shapes of its inputs, and the few of these that an engine keeps.
 */
#pragma once

#include "engine/net.h"

/* What a plan is made from: the engine's, and outlives its plans. */
struct plan_source {
    const void               *onnx;
    size_t                    size;
    const char               *name;
    const char               *backend; /* as engine_options.backend */
    bool                      drop_qdq;
    struct fast_runner       *runner; /* NULL: no fast regions */
    const struct engine_wish *wishes; /* for each output; NULL: there are none */
};

struct engine_plan {
    struct bsr_tensor  *shapes; /* of the inputs, in the order of the model; no data */
    int                 input_count;
    struct net         *net;
    struct bsr_tensor  *types;    /* as net_make() gives them */
    struct refusals     refusals; /* of this net */
    struct onnx_changes changes;  /* what was done to the graph, and who runs what */
    bool                besra;    /* OpenCV could not run any of it */
    uint64_t            used;     /* when, for who is to go */
};

/* Few nets, since each has a copy of the weights; more shapes, since many may share a net. */
enum { PLANS_MOST = 64, PLANS_MOST_NETS = 4 };

/* Start with {0}; release with plans_free(). */
struct plans {
    struct engine_plan *items[PLANS_MOST];
    int                 count;
    uint64_t            clock;
};

/* The plan for the shapes given (in the order of the model's inputs; `names` are theirs): one that is there,
 * or a new one. `model` is the source's, read, or NULL: it is read then; it is taken over. The plan is the
 * plans'. BSR_EMODEL, BSR_ENOMEM. */
bsr_status plans_get(struct engine_plan **out, struct plans *plans, const struct plan_source *source,
                     struct onnx_model *model, const struct bsr_tensor *shapes, const char *const *names,
                     int count, struct bsr_error *err);

/* Makes a plan's net again, without the node that OpenCV complained of while it ran; without OpenCV where it
 * named none. */
bsr_status plans_remake(struct engine_plan *plan, struct plans *plans, const struct plan_source *source,
                        const char *const *names, const struct complaint *complaint, struct bsr_error *err);
void       plans_free(struct plans *plans);
