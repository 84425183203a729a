#include "engine/fast/layer.h"

#include "base/alloc.h"

#include <string.h>

/* Room for one more item. */
static bool grow(void **items, int count, int *room, size_t size)
{
    if (count < *room)
        return true;
    int   more = *room ? *room * 2 : 64;
    void *grown = mem_resize(*items, (size_t)more, size);
    if (!grown)
        return false;
    *items = grown;
    *room = more;
    return true;
}

int fast_add_value(struct fast_net *net, int channels, int height, int width)
{
    void *items = net->values;
    bool  room = grow(&items, net->value_count, &net->value_room, sizeof *net->values);

    net->values = items;
    if (!room)
        return NO_VALUE;
    net->values[net->value_count] =
        (struct fast_value){.channels = channels, .height = height, .width = width, .parent = NO_VALUE};
    return net->value_count++;
}

struct fast_layer *fast_add(struct fast_net *net, enum layer_kind kind, const int *inputs, int count,
                            int channels, int height, int width)
{
    void *items = net->layers;
    bool  room = grow(&items, net->layer_count, &net->layer_room, sizeof *net->layers);
    int   output = NO_VALUE;
    int  *own = mem_alloc_zeroed((size_t)count + 1, sizeof *own);

    net->layers = items;
    if (room && own && channels)
        output = fast_add_value(net, channels, height, width);
    if (!room || !own || (channels && output == NO_VALUE)) {
        mem_free(own);
        return NULL;
    }
    for (int i = 0; i < count; i++)
        own[i] = inputs[i];
    struct fast_layer *layer = &net->layers[net->layer_count++];
    *layer = (struct fast_layer){.kind = kind,
                                 .inputs = own,
                                 .input_count = count,
                                 .output = output,
                                 .residual = NO_VALUE,
                                 .start = NO_VALUE,
                                 .block = 1};
    return layer;
}

void fast_remove(struct fast_layer *layer)
{
    mem_free(layer->inputs);
    mem_free(layer->weights);
    mem_free(layer->bias);
    mem_free(layer->order);
    mem_free(layer->per_unit);
    mem_free(layer->zero);
    *layer = (struct fast_layer){
        .gone = true, .output = NO_VALUE, .residual = NO_VALUE, .start = NO_VALUE, .block = 1};
}

void fast_net_free(struct fast_net *net)
{
    for (int i = 0; i < net->layer_count; i++)
        fast_remove(&net->layers[i]);
    mem_free(net->layers);
    mem_free(net->values);
    *net = (struct fast_net){.layer_count = 0};
}

int fast_root(const struct fast_net *net, int value, int *offset)
{
    int first = 0;

    while (net->values[value].parent != NO_VALUE) {
        first += net->values[value].offset;
        value = net->values[value].parent;
    }
    if (offset)
        *offset = first;
    return value;
}

size_t fast_weight_count(const struct fast_layer *layer)
{
    const struct conv_shape *shape = &layer->conv;

    return (size_t)shape->outputs * (size_t)(shape->inputs / shape->groups) * (size_t)shape->kernel[0] *
           (size_t)shape->kernel[1];
}
