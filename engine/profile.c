#include "engine/profile.h"

#include "base/alloc.h"
#include "engine/fast/fast.h"
#include "engine/opencv_dnn.h"

#include <stdio.h>
#include <string.h>

enum { MOST_LAYERS = 1 << 16 };

void profile_free(struct profile *profile)
{
    mem_free(profile->items);
    *profile = (struct profile){.items = NULL};
}

/* A step more; NULL when out of memory. */
static struct engine_step *add(struct profile *profile)
{
    if (profile->count == profile->room) {
        int                 room = profile->room ? 2 * profile->room : 128;
        struct engine_step *items = mem_resize(profile->items, (size_t)room, sizeof *items);
        if (!items)
            return NULL;
        profile->items = items;
        profile->room = room;
    }
    struct engine_step *step = &profile->items[profile->count++];
    *step = (struct engine_step){.region = -1};
    return step;
}

static void set_text(char *slot, size_t size, const char *text)
{
    snprintf(slot, size, "%s", text ? text : "");
}

/* ---- runs of the net --------------------------------------------------------------------------------- */

static bsr_status take_layers(struct profile *profile, const struct opencv_layer *layers, int count,
                              struct bsr_error *err)
{
    for (int i = 0; i < count; i++) {
        struct engine_step *step = profile->begun ? &profile->items[i] : add(profile);
        if (!step)
            return bsr_fail_memory(err, NULL, sizeof *step);
        if (profile->begun) {
            step->ms = layers[i].ms < step->ms ? layers[i].ms : step->ms;
            continue;
        }
        set_text(step->name, sizeof step->name, layers[i].node);
        set_text(step->op, sizeof step->op, layers[i].type);
        step->region = layers[i].region;
        step->ms = layers[i].ms;
    }
    return BSR_OK;
}

bsr_status profile_add_run(struct profile *profile, const struct net *net, double ms, struct bsr_error *err)
{
    struct net_parts     parts = net_parts(net);
    struct opencv_layer *layers = NULL;
    bsr_status           status = BSR_OK;
    int                  count = parts.opencv ? opencv_net_times(parts.opencv, NULL, 0) : 0;

    const bool direct = !parts.opencv && !parts.tail; /* one region is all there is */
    if (direct)
        count = 1;
    count = count < 0 ? 0 : (count > MOST_LAYERS ? MOST_LAYERS : count);
    if (profile->begun &&
        count != profile->count) /* the net was made anew: what was noted is of the old one */
        profile_free(profile);
    layers = mem_alloc_zeroed((size_t)count + 1, sizeof *layers);
    if (!layers)
        return bsr_fail_memory(err, NULL, sizeof *layers);
    if (direct)
        layers[0] = (struct opencv_layer){.node = "", .type = "besra.Region", .region = 0, .ms = ms};
    else if (count)
        opencv_net_times(parts.opencv, layers, count);
    for (int i = 0; i < count; i++)
        ms -= layers[i].ms;
    status = take_layers(profile, layers, count, err);
    profile->outside = profile->begun && profile->outside < ms ? profile->outside : ms;
    profile->begun = true;
    mem_free(layers);
    return status;
}

/* ---- fast regions ------------------------------------------------------------------------------------ */

static bsr_status add_steps(struct profile *profile, struct fast_program *program, struct fast_runner *runner,
                            int region, int runs, struct bsr_error *err)
{
    struct fast_time *times = mem_alloc_zeroed(MOST_LAYERS, sizeof *times);
    int               count = times ? fast_profile(program, runner, runs, times, MOST_LAYERS) : -1;
    bsr_status        status = count < 0 ? bsr_fail_memory(err, NULL, MOST_LAYERS * sizeof *times) : BSR_OK;

    for (int i = 0; status == BSR_OK && i < count && i < MOST_LAYERS; i++) {
        struct engine_step *step = add(profile);
        if (!step) {
            status = bsr_fail_memory(err, NULL, sizeof *step);
            break;
        }
        set_text(step->name, sizeof step->name, times[i].node);
        set_text(step->op, sizeof step->op, times[i].what);
        step->region = region;
        step->channels = times[i].channels;
        step->height = times[i].height;
        step->width = times[i].width;
        step->ms = times[i].ms;
        step->macs = times[i].macs;
    }
    mem_free(times);
    return status;
}

/* A layer of OpenCV, or the steps of the region that it is. */
static bsr_status add_layer(struct profile *profile, const struct engine_step *layer,
                            const struct net_parts *parts, int runs, struct bsr_error *err)
{
    bool                 region = layer->region >= 0 && layer->region < parts->region_count;
    struct fast_program *program = region ? region_program(parts->regions[layer->region]) : NULL;

    if (program)
        return add_steps(profile, program, parts->runner, layer->region, runs, err);
    if (layer->ms <= 0)
        return BSR_OK;
    struct engine_step *step = add(profile);
    if (!step)
        return bsr_fail_memory(err, NULL, sizeof *step);
    *step = *layer;
    step->region = -1;
    if (region)
        set_text(step->op, sizeof step->op, "besra's operators");
    return BSR_OK;
}

bsr_status profile_finish(struct profile *profile, const struct net *net, int runs, struct bsr_error *err)
{
    struct net_parts parts = net_parts(net);
    struct profile   finished = {.outside = profile->outside, .begun = true};
    bsr_status       status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < profile->count; i++)
        status = add_layer(&finished, &profile->items[i], &parts, runs, err);
    if (status == BSR_OK && parts.tail) {
        struct engine_step *step = add(&finished);
        if (!step)
            status = bsr_fail_memory(err, NULL, sizeof *step);
        if (step) {
            set_text(step->op, sizeof step->op,
                     parts.opencv ? "besra's operators, behind the net" : "besra's operators, all of it");
            step->ms = finished.outside;
        }
    }
    if (status != BSR_OK) {
        profile_free(&finished);
        return status;
    }
    profile_free(profile);
    *profile = finished;
    return BSR_OK;
}
