/* engine/profile.h: where the time of a net's runs goes, layer by layer. */
#pragma once

#include "engine/engine.h"
#include "engine/net.h"

/* Start with {0}. */
struct profile {
    struct engine_step *items;
    int                 count, room;
    double              outside; /* of the shortest: milliseconds that no layer of OpenCV took */
    bool                begun;
};
void profile_free(struct profile *profile);

/* Takes the times of the run that has just ended; `ms` is all that it took. Of each layer the shortest stays.
 * BSR_ENOMEM. */
bsr_status profile_add_run(struct profile *profile, const struct net *net, double ms, struct bsr_error *err);

/* Replaces each fast region by its steps, drops layers that took no time, appends what runs behind OpenCV.
 * BSR_ENOMEM. */
bsr_status profile_finish(struct profile *profile, const struct net *net, int runs, struct bsr_error *err);
