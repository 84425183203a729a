/* Fuzz target: the description of a net. What is accepted keeps the promises of config/net_description.h. */
#include "config/net_description.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_source(const struct net_source *source)
{
    if (source->dims < -1 || source->dims > BSR_MAX_DIMS || (source->kind == NET_FILE && !source->file) ||
        source->value_count < 0 || (source->kind == NET_FILL && source->value_count != 1))
        abort();
    for (int i = 0; i < source->dims; i++)
        if (source->shape[i] < -1 || source->shape[i] > NET_MAX_SIDE)
            abort();
    for (int i = 0; i < source->value_count; i++)
        if (!isfinite(source->values[i]))
            abort();
}

static void look_at_names(const struct net_names *names)
{
    for (int i = 0; i < names->count; i++)
        if (!names->items[i])
            abort();
    if (names->items && names->items[names->count])
        abort();
}

static void look_at_layer(const struct net_layer *layer)
{
    if ((layer->kind == NET_NODE) != (layer->op != NULL) || layer->channels < 0 || layer->groups < 1 ||
        (layer->kind == NET_CONV && (layer->kernel[0] < 1 || layer->kernel[1] < 1)) || layer->line < 1)
        abort();
    for (int i = 0; i < layer->attribute_count; i++)
        if (!layer->attributes[i].name || layer->attributes[i].count < 0)
            abort();
    look_at_names(&layer->inputs);
    look_at_names(&layer->outputs);
    look_at_source(&layer->weights);
    look_at_source(&layer->bias);
}

static void look_at(const struct net_description *net)
{
    if (!net->name || !net->path || net->input_count < 1 || net->layer_count < 1 || net->metadata.count % 2)
        abort();
    for (int i = 0; i < net->input_count; i++) {
        if (!net->inputs[i].name || net->inputs[i].source.dims < 0)
            abort();
        look_at_source(&net->inputs[i].source);
    }
    for (int i = 0; i < net->weight_count; i++) {
        if (!net->weights[i].name)
            abort();
        look_at_source(&net->weights[i].source);
    }
    for (int i = 0; i < net->layer_count; i++)
        look_at_layer(&net->layers[i]);
    look_at_names(&net->outputs);
    look_at_names(&net->metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("net", MFD_CLOEXEC);
    if (fd < 0)
        return 0;
    if (write(fd, data, size) == (ssize_t)size) {
        char                   path[64];
        struct net_description net;
        struct bsr_error       err = {0};
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (net_description_read(&net, path, &err) == BSR_OK) {
            look_at(&net);
            net_description_free(&net);
        } else if (err.code == BSR_OK || !err.message[0]) {
            abort();
        }
    }
    close(fd);
    return 0;
}
