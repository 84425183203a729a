#include "engine/fast/passes.h"

#include "base/alloc.h"
#include "engine/fast/read.h"
#include "engine/fast/uses.h"

#include <string.h>

enum { MOST_MERGED = 16, WHOLE_VECTORS = 16 };

struct merging {
    struct fast_net *net;
    struct fast_uses uses;
    int              members[MOST_MERGED]; /* layers */
    int              count;
};

static bool is_plain_1x1(const struct fast_layer *layer)
{
    const struct conv_shape *shape = &layer->conv;

    return !layer->gone && layer->kind == LAYER_CONV && shape->groups == 1 && shape->kernel[0] == 1 &&
           shape->kernel[1] == 1 && shape->stride[0] == 1 && shape->stride[1] == 1 && shape->pad[0] == 0 &&
           shape->pad[1] == 0 && layer->residual == NO_VALUE && layer->start == NO_VALUE &&
           shape->outputs % MAP_GRAIN == 0;
}

/* And both make bytes, or both floats. */
static bool same_finish(const struct fast_layer *a, const struct fast_layer *b)
{
    return !a->per_unit == !b->per_unit && a->activation.kind == b->activation.kind &&
           a->activation.a == b->activation.a && a->activation.b == b->activation.b;
}

/* The concat that reads a value last, and the channel where the value begins in it; -1: none does. */
static int find_in_concat(const struct merging *merging, int value, int *channels)
{
    const struct fast_net *net = merging->net;
    int                    last = merging->uses.last[value], at = 0;

    if (last < 0 || net->layers[last].kind != LAYER_CONCAT)
        return -1;
    const struct fast_layer *concat = &net->layers[last];
    *channels = net->values[concat->output].channels;
    for (int i = 0; i < concat->input_count; i++) {
        if (concat->inputs[i] == value)
            return at;
        at += net->values[concat->inputs[i]].channels;
    }
    return -1;
}

/* A part of a concat that would lie elsewhere has to be copied there: it takes part only where the merged
 * convolution can write to the concat itself, its other parts being overwritten later (C3 of YOLOv5). Such a
 * member comes last. */
static void keep_fitting(struct merging *merging)
{
    int kept = 0, total = 0, tails = 0, tail = -1, channels = 0;

    for (int i = 0; i < merging->count; i++) {
        int output = merging->net->layers[merging->members[i]].output;
        if (find_in_concat(merging, output, &channels) >= 0) {
            tails++;
            tail = merging->members[i];
        } else {
            total += merging->net->values[output].channels;
            merging->members[kept++] = merging->members[i];
        }
    }
    if (tails == 1 && kept) {
        int output = merging->net->layers[tail].output;
        if (find_in_concat(merging, output, &channels) == total &&
            channels == total + merging->net->values[output].channels)
            merging->members[kept++] = tail;
    }
    merging->count = kept;
}

/* Weights and biases, one member's behind the other's. */
static bool join_weights(const struct merging *merging, struct fast_layer *into, int outputs)
{
    size_t inputs = (size_t)into->conv.inputs, at = 0;
    float *weights = read_zeros((size_t)outputs * inputs), *bias = read_zeros((size_t)outputs);

    if (!weights || !bias) {
        mem_free(weights);
        mem_free(bias);
        return false;
    }
    for (int i = 0; i < merging->count; i++) {
        const struct fast_layer *member = &merging->net->layers[merging->members[i]];
        size_t                   own = (size_t)member->conv.outputs;
        memcpy(weights + at * inputs, member->weights, own * inputs * sizeof *weights);
        if (member->bias)
            memcpy(bias + at, member->bias, own * sizeof *bias);
        at += own;
    }
    mem_free(into->weights);
    mem_free(into->bias);
    into->weights = weights;
    into->bias = bias;
    into->conv.outputs = outputs;
    return true;
}

/* The members' steps, side by side; members are whole grains. */
static bool join_steps(const struct merging *merging, struct fast_layer *into, int outputs)
{
    if (!into->per_unit)
        return true;

    float   *per_unit = mem_alloc_zeroed((size_t)outputs + WHOLE_VECTORS, sizeof *per_unit);
    int32_t *zero = mem_alloc_zeroed((size_t)outputs + WHOLE_VECTORS, sizeof *zero);
    size_t   at = 0;
    for (int i = 0; per_unit && zero && i < merging->count; i++) {
        const struct fast_layer *member = &merging->net->layers[merging->members[i]];
        size_t                   own = (size_t)member->conv.outputs;
        memcpy(per_unit + at, member->per_unit, own * sizeof *per_unit);
        memcpy(zero + at, member->zero, own * sizeof *zero);
        at += own;
    }
    if (!per_unit || !zero) {
        mem_free(per_unit);
        mem_free(zero);
        return false;
    }
    mem_free(into->per_unit);
    mem_free(into->zero);
    into->per_unit = per_unit;
    into->zero = zero;
    return true;
}

/* The first in the order of the net does it for all. */
static bool merge(struct merging *merging)
{
    struct fast_net *net = merging->net;
    int              first = merging->members[0], outputs = 0, at = 0;
    double           macs = 0;

    for (int i = 0; i < merging->count; i++) {
        outputs += net->layers[merging->members[i]].conv.outputs;
        macs += net->layers[merging->members[i]].macs;
        first = merging->members[i] < first ? merging->members[i] : first;
    }
    struct fast_layer *into = &net->layers[first];
    struct fast_value  size = net->values[into->output];
    int                whole = fast_add_value(net, outputs, size.height, size.width);
    if (whole == NO_VALUE)
        return false;
    for (int i = 0; i < merging->count; i++) {
        struct fast_value *part = &net->values[net->layers[merging->members[i]].output];
        part->parent = whole;
        part->offset = at;
        at += part->channels;
    }
    net->values[whole].steps = size.steps;
    if (!join_steps(merging, into, outputs) || !join_weights(merging, into, outputs))
        return false;
    into->output = whole;
    into->macs = macs;
    for (int i = 0; i < merging->count; i++)
        if (merging->members[i] != first)
            fast_remove(&net->layers[merging->members[i]]);
    return true;
}

/* All that can be one with layer `i`, which comes first. */
static void find_members(struct merging *merging, const int *next, int i)
{
    const struct fast_net *net = merging->net;

    merging->count = 0;
    for (int k = i; k >= 0 && merging->count < MOST_MERGED; k = next[k])
        if (is_plain_1x1(&net->layers[k]) && same_finish(&net->layers[k], &net->layers[i]) &&
            net->values[net->layers[k].output].parent == NO_VALUE)
            merging->members[merging->count++] = k;
    if (merging->count > 1)
        keep_fitting(merging);
}

/* For each candidate the next one that reads the same value, or -1. */
static int *chain_readers(const struct fast_net *net)
{
    int *next = mem_alloc_zeroed((size_t)net->layer_count + 1, sizeof *next);
    int *seen = mem_alloc_zeroed((size_t)net->value_count + 1, sizeof *seen);

    for (int v = 0; next && seen && v < net->value_count; v++)
        seen[v] = -1;
    for (int i = net->layer_count - 1; next && seen && i >= 0; i--) {
        next[i] = -1;
        if (!is_plain_1x1(&net->layers[i]))
            continue;
        next[i] = seen[net->layers[i].inputs[0]];
        seen[net->layers[i].inputs[0]] = i;
    }
    bool made = next && seen;
    mem_free(seen);
    if (made)
        return next;
    mem_free(next);
    return NULL;
}

bool pass_merge_parallel(struct fast_net *net)
{
    struct merging merging = {.net = net};
    int           *next = chain_readers(net);
    bool           done = next && uses_find(&merging.uses, net);

    for (int i = 0; done && i < net->layer_count; i++) {
        if (!is_plain_1x1(&net->layers[i]) || next[i] < 0)
            continue;
        find_members(&merging, next, i);
        if (merging.count > 1)
            done = merge(&merging);
    }
    uses_free(&merging.uses);
    mem_free(next);
    return done;
}
