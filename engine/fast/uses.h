/* engine/fast/uses.h: who makes and who reads each value. A pass keeps it right as it changes the net. */
#pragma once

#include "engine/fast/layer.h"

struct fast_uses {
    int *maker;   /* of a value: a layer, -1: none */
    int *readers; /* how many places of layers read it, outputs included */
    int *last;    /* the last layer that reads it, -1: none */
};

/* False when out of memory. Release with uses_free(). */
bool uses_find(struct fast_uses *uses, const struct fast_net *net);
void uses_free(struct fast_uses *uses);

/* The layer that makes a value, or NULL. */
struct fast_layer *uses_maker(const struct fast_uses *uses, const struct fast_net *net, int value);

/* The layer that makes a value that nobody but one place reads, or NULL. */
struct fast_layer *uses_only_maker(const struct fast_uses *uses, const struct fast_net *net, int value);

/* `maker`, whose output only `reader` reads, moves to the place of the reader and makes what that made. The
 * reader is gone; all that `maker` did not read is as if nobody had read it there. */
void uses_absorb(struct fast_uses *uses, struct fast_net *net, struct fast_layer *maker,
                 struct fast_layer *reader);
