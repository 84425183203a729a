/* Where values lie. A value that lies in another is written there by its maker, so that concats and slices
 * take no time, and read there at the other's distance from pixel to pixel. */
#include "engine/fast/passes.h"

#include "engine/fast/uses.h"

struct placing {
    struct fast_net *net;
    struct fast_uses uses;
};

/* Whether one can lie in the other, as to pixels. */
static bool same_size(const struct fast_net *net, int a, int b)
{
    const struct fast_value *x = &net->values[a], *y = &net->values[b];
    return x->height == y->height && x->width == y->width && fast_is_bytes(net, a) == fast_is_bytes(net, b);
}

/* ---- what would be overwritten --------------------------------------------------------------------- */

/* Whether layer `writer` can write channels from .. from + count - 1 of a root: all that lies there is read
 * by then, or read by the writer only as what it adds. `own` does not count. */
static bool is_dead(const struct placing *placing, int root, int from, int count, int writer, int own)
{
    const struct fast_net   *net = placing->net;
    const struct fast_layer *layer = &net->layers[writer];

    for (int v = 0; v < net->value_count; v++) {
        int offset = 0;
        if (v == own || fast_root(net, v, &offset) != root || placing->uses.last[v] < 0 ||
            offset >= from + count || offset + net->values[v].channels <= from)
            continue;
        if (placing->uses.maker[v] >= writer || placing->uses.last[v] > writer)
            return false;
        if (placing->uses.last[v] < writer)
            continue;
        bool added = layer->residual == v && offset == from && net->values[v].channels == count;
        for (int i = 0; i < layer->input_count; i++)
            added = added && layer->inputs[i] != v;
        if (!added || layer->start == v)
            return false;
    }
    return true;
}

/* Whether something is written to where a value lies after it was made. */
static bool is_overwritten(const struct placing *placing, int root, int value)
{
    const struct fast_net *net = placing->net;
    int                    from = 0, offset = 0;

    fast_root(net, value, &from);
    for (int v = 0; v < net->value_count; v++)
        if (v != value && fast_root(net, v, &offset) == root && placing->uses.last[v] >= 0 &&
            offset < from + net->values[value].channels && offset + net->values[v].channels > from &&
            placing->uses.maker[v] > placing->uses.maker[value])
            return true;
    return false;
}

/* ---- sums in place ---------------------------------------------------------------------------------- */

/* A convolution that adds a value which nobody reads afterwards writes to where that lies. */
static void place_sum(const struct placing *placing, const struct fast_layer *layer)
{
    struct fast_net         *net = placing->net;
    int                      writer = (int)(layer - net->layers), offset = 0;
    int                      root = fast_root(net, layer->residual, &offset);
    const struct fast_value *out = &net->values[layer->output];

    if (out->parent != NO_VALUE || out->channels != net->values[layer->residual].channels ||
        !same_size(net, layer->output, root) ||
        !is_dead(placing, root, offset, out->channels, writer, layer->output))
        return;
    net->values[layer->output].parent = root;
    net->values[layer->output].offset = offset;
}

/* ---- concats ----------------------------------------------------------------------------------------- */

/* How many inputs from `first` on are a root's channels, all of them and in their order; 0: they are not. */
static int count_covering(const struct fast_net *net, const struct fast_layer *concat, int first, int root)
{
    int at = 0, count = 0;

    for (int i = first; i < concat->input_count && at < net->values[root].channels; i++, count++) {
        int offset = 0;
        if (fast_root(net, concat->inputs[i], &offset) != root || offset != at)
            return 0;
        at += net->values[concat->inputs[i]].channels;
    }
    return at == net->values[root].channels ? count : 0;
}

static int made_by(const struct placing *placing, int value)
{
    int maker = placing->uses.maker[value];
    for (int v = 0; maker < 0 && v < placing->net->value_count; v++)
        if (fast_root(placing->net, v, NULL) == value && placing->uses.maker[v] > maker)
            maker = placing->uses.maker[v];
    return maker;
}

/* Whether the whole concat can lie in `root`, where one of its inputs lies already: the others lie there too,
 * or can be written there when nobody needs what is there any more. */
static bool fits_into(const struct placing *placing, const struct fast_layer *concat, int root)
{
    const struct fast_net *net = placing->net;
    int                    at = 0;

    if (net->values[root].channels != net->values[concat->output].channels ||
        !same_size(net, root, concat->output))
        return false;
    for (int i = 0; i < concat->input_count; i++) {
        int value = concat->inputs[i], offset = 0, channels = net->values[value].channels;
        int own = fast_root(net, value, &offset);
        if (own == root ? offset != at
                        : own != value || at % MAP_GRAIN || placing->uses.maker[value] < 0 ||
                              (channels % MAP_GRAIN && i + 1 < concat->input_count) ||
                              !is_dead(placing, root, at, channels, placing->uses.maker[value], value))
            return false;
        if (own == root && is_overwritten(placing, root, value))
            return false;
        at += channels;
    }
    return true;
}

static bool place_into(const struct placing *placing, const struct fast_layer *concat)
{
    struct fast_net *net = placing->net;
    int              root = NO_VALUE, at = 0;

    for (int i = 0; i < concat->input_count && root == NO_VALUE; i++)
        if (fast_root(net, concat->inputs[i], NULL) != concat->inputs[i])
            root = fast_root(net, concat->inputs[i], NULL);
    if (root == NO_VALUE || !fits_into(placing, concat, root))
        return false;
    for (int i = 0; i < concat->input_count; i++) {
        struct fast_value *value = &net->values[concat->inputs[i]];
        if (value->parent == NO_VALUE) {
            value->parent = root;
            value->offset = at;
        }
        at += value->channels;
    }
    net->values[concat->output].parent = root;
    net->values[concat->output].offset = 0;
    return true;
}

static bool place_parts(const struct placing *placing, const struct fast_layer *concat)
{
    struct fast_net *net = placing->net;
    int              at = 0;

    for (int i = 0; i < concat->input_count; i++) {
        int  root = fast_root(net, concat->inputs[i], NULL);
        int  count = count_covering(net, concat, i, root), channels = net->values[root].channels;
        bool last = i + count == concat->input_count;
        if (count && root != concat->output && at % MAP_GRAIN == 0 && (channels % MAP_GRAIN == 0 || last) &&
            same_size(net, root, concat->output) && made_by(placing, root) >= 0) {
            net->values[root].parent = concat->output;
            net->values[root].offset = at;
            at += channels;
            i += count - 1;
        } else {
            at += net->values[concat->inputs[i]].channels;
        }
    }
    return true;
}

/* ---- slices ------------------------------------------------------------------------------------------ */

static void place_slice(const struct placing *placing, struct fast_layer *slice)
{
    struct fast_net *net = placing->net;

    if (slice->from % MAP_GRAIN)
        return;
    net->values[slice->output].parent = slice->inputs[0];
    net->values[slice->output].offset = slice->from;
    /* Whoever reads the slice reads what it is a part of. */
    for (int v = slice->inputs[0]; v != NO_VALUE; v = net->values[v].parent)
        if (placing->uses.last[v] < placing->uses.last[slice->output])
            placing->uses.last[v] = placing->uses.last[slice->output];
    placing->uses.maker[slice->output] = placing->uses.maker[slice->inputs[0]];
    fast_remove(slice);
}

bool pass_place(struct fast_net *net)
{
    struct placing placing = {.net = net};

    if (!uses_find(&placing.uses, net))
        return false;
    for (int i = 0; i < net->layer_count; i++) {
        struct fast_layer *layer = &net->layers[i];
        if (layer->gone)
            continue;
        if (layer->kind == LAYER_SLICE)
            place_slice(&placing, layer);
        else if (layer->kind == LAYER_CONCAT && !place_into(&placing, layer))
            place_parts(&placing, layer);
        else if (fast_is_conv(layer) && layer->residual != NO_VALUE)
            place_sum(&placing, layer);
    }
    uses_free(&placing.uses);
    return true;
}
