#include "engine/fast/uses.h"

#include "base/alloc.h"

bool uses_find(struct fast_uses *uses, const struct fast_net *net)
{
    size_t count = (size_t)net->value_count + 1;

    uses->maker = mem_alloc_zeroed(count, sizeof *uses->maker);
    uses->readers = mem_alloc_zeroed(count, sizeof *uses->readers);
    uses->last = mem_alloc_zeroed(count, sizeof *uses->last);
    if (!uses->maker || !uses->readers || !uses->last) {
        uses_free(uses);
        return false;
    }
    for (int v = 0; v < net->value_count; v++)
        uses->maker[v] = uses->last[v] = -1;
    for (int i = 0; i < net->layer_count; i++) {
        const struct fast_layer *layer = &net->layers[i];
        if (layer->gone)
            continue;
        for (int r = 0; r < fast_read_count(layer); r++)
            if (fast_read_at(layer, r) != NO_VALUE) {
                uses->readers[fast_read_at(layer, r)]++;
                uses->last[fast_read_at(layer, r)] = i;
            }
        if (layer->output != NO_VALUE)
            uses->maker[layer->output] = i;
    }
    return true;
}

void uses_free(struct fast_uses *uses)
{
    mem_free(uses->maker);
    mem_free(uses->readers);
    mem_free(uses->last);
    *uses = (struct fast_uses){.maker = NULL};
}

struct fast_layer *uses_maker(const struct fast_uses *uses, const struct fast_net *net, int value)
{
    return uses->maker[value] < 0 ? NULL : &net->layers[uses->maker[value]];
}

struct fast_layer *uses_only_maker(const struct fast_uses *uses, const struct fast_net *net, int value)
{
    return uses->readers[value] == 1 ? uses_maker(uses, net, value) : NULL;
}

void uses_absorb(struct fast_uses *uses, struct fast_net *net, struct fast_layer *maker,
                 struct fast_layer *reader)
{
    int place = (int)(reader - net->layers), from = (int)(maker - net->layers);

    for (int r = 0; r < fast_read_count(reader); r++)
        if (fast_read_at(reader, r) != NO_VALUE)
            uses->readers[fast_read_at(reader, r)]--;
    uses->maker[maker->output] = -1;
    maker->output = reader->output;
    uses->maker[maker->output] = place;
    fast_remove(reader);
    net->layers[place] = net->layers[from];
    net->layers[from].inputs = NULL; /* all is in the new place */
    net->layers[from].weights = net->layers[from].bias = NULL;
    net->layers[from].order = NULL;
    net->layers[from].per_unit = NULL;
    net->layers[from].zero = NULL;
    fast_remove(&net->layers[from]);
}
