/* The layers of a net's description: nodes of any operator, and shorthand for convolutions and dense layers.
 */
#include "base/alloc.h"
#include "config/net_values.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- attributes of nodes
 * --------------------------------------------------------------------------------------- */

static bsr_status read_ints(const struct net_reader *reader, const config_setting_t *at,
                            struct net_attribute *attribute, int count)
{
    attribute->kind = NET_INTS;
    attribute->ints = mem_alloc_zeroed((size_t)count + 1, sizeof *attribute->ints);
    attribute->floats = mem_alloc_zeroed((size_t)count + 1, sizeof *attribute->floats);
    if (!attribute->ints || !attribute->floats)
        return bsr_fail_memory(reader->err, reader->path, (size_t)count * sizeof *attribute->ints);
    for (int i = 0; i < count; i++) {
        long long whole = 0;
        if (!settings_is_whole(config_setting_get_elem(at, (unsigned)i), &whole))
            return net_refuse(reader, at, "must be all whole numbers, or all with a point");
        attribute->ints[i] = whole;
        attribute->floats[i] = (float)whole;
    }
    attribute->count = count;
    return BSR_OK;
}

/* A double as the f32 that attributes are; false where it does not fit. */
static bool to_float(const config_setting_t *at, float *value)
{
    double real = 0;
    if (!settings_is_real(at, &real) || fabs(real) > (double)FLT_MAX)
        return false;
    *value = (float)real;
    return true;
}

static bsr_status read_floats(const struct net_reader *reader, const config_setting_t *at,
                              struct net_attribute *attribute, int count)
{
    attribute->kind = NET_FLOATS;
    attribute->floats = mem_alloc_zeroed((size_t)count + 1, sizeof *attribute->floats);
    if (!attribute->floats)
        return bsr_fail_memory(reader->err, reader->path, (size_t)count * sizeof *attribute->floats);
    for (int i = 0; i < count; i++)
        if (!to_float(config_setting_get_elem(at, (unsigned)i), &attribute->floats[i]))
            return net_refuse(reader, at, "must be numbers of a float's range");
    attribute->count = count;
    return BSR_OK;
}

static bsr_status read_sequence(const struct net_reader *reader, const config_setting_t *at,
                                struct net_attribute *attribute)
{
    int count = config_setting_length(at);
    if (count > NET_MAX_LIST)
        return net_refuse(reader, at, "must be of up to 4096 numbers");
    bool floats = count && config_setting_type(config_setting_get_elem(at, 0)) == CONFIG_TYPE_FLOAT;
    return floats ? read_floats(reader, at, attribute, count) : read_ints(reader, at, attribute, count);
}

static bsr_status read_attribute(const struct net_reader *reader, const config_setting_t *at,
                                 struct net_attribute *attribute)
{
    long long whole = 0;

    attribute->name = mem_copy_text(config_setting_name(at));
    if (!attribute->name)
        return bsr_fail_memory(reader->err, reader->path, 1);
    if (net_is_sequence(at))
        return read_sequence(reader, at, attribute);
    if (config_setting_type(at) == CONFIG_TYPE_STRING) {
        attribute->kind = NET_TEXT;
        return net_read_text(reader, at, &attribute->text);
    }
    if (config_setting_type(at) == CONFIG_TYPE_BOOL)
        attribute->i = config_setting_get_bool(at) != 0;
    else if (settings_is_whole(at, &whole))
        attribute->i = whole;
    else if (to_float(at, &attribute->f))
        attribute->kind = NET_FLOAT;
    else
        return net_refuse(reader, at, "must be a number, a text, or a list of numbers");
    if (attribute->kind == NET_INT)
        attribute->f = (float)attribute->i;
    return BSR_OK;
}

static bsr_status read_attributes(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_layer *layer = into;
    int               count = config_setting_is_group(at) ? config_setting_length(at) : -1;
    bsr_status        status = BSR_OK;

    if (count < 0 || count > NET_MAX_LIST)
        return net_refuse(reader, at, "must be a group: attributes = { axis = 1; };");
    layer->attributes = mem_alloc_zeroed((size_t)count + 1, sizeof *layer->attributes);
    if (!layer->attributes)
        return bsr_fail_memory(reader->err, reader->path, (size_t)count * sizeof *layer->attributes);
    for (int i = 0; status == BSR_OK && i < count; i++)
        status = read_attribute(reader, config_setting_get_elem(at, (unsigned)i),
                                &layer->attributes[layer->attribute_count++]);
    return status;
}

/* ---- convolutions and dense layers
 * --------------------------------------------------------------------------------- */

static bsr_status read_kind(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_layer *layer = into;
    const char       *text = config_setting_get_string(at);

    if (text && strcmp(text, "conv") == 0)
        layer->kind = NET_CONV;
    else if (text && strcmp(text, "dense") == 0)
        layer->kind = NET_DENSE;
    else
        return net_refuse(reader, at, "must be \"conv\" or \"dense\"; others are written with op");
    return BSR_OK;
}

static bsr_status read_channels(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    return net_read_whole(reader, at, 1, 1 << 20, into);
}

/* One number for all sides, rows and columns, or top, left, bottom, right; or "same". */
static bsr_status read_padding(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_layer *layer = into;
    const char       *text = config_setting_get_string(at);
    int               count = net_is_sequence(at) ? config_setting_length(at) : 1;

    if (text && strcmp(text, "same") == 0) {
        layer->same = true;
        return BSR_OK;
    }
    if (text || (count != 1 && count != 2 && count != 4))
        return net_refuse(reader, at,
                          "must be a number, [rows, columns], [top, left, bottom, right], or \"same\"");
    for (int i = 0; i < 4; i++) {
        const config_setting_t *item =
            net_is_sequence(at) ? config_setting_get_elem(at, (unsigned)(i % count)) : at;
        bsr_status status = net_read_whole(reader, item, 0, 65535, &layer->padding[i]);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

/* The words for an activation, and ONNX's. */
static bsr_status read_activation(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    static const struct {
        const char *word, *op;
    } words[] = {{"relu", "Relu"}, {"sigmoid", "Sigmoid"},          {"tanh", "Tanh"},
                 {"elu", "Elu"},   {"leaky_relu", "LeakyRelu"},     {"softplus", "Softplus"},
                 {"selu", "Selu"}, {"hard_sigmoid", "HardSigmoid"}, {"hard_swish", "HardSwish"},
                 {"mish", "Mish"}, {"softmax", "Softmax"}};
    char      **op = into;
    const char *text = config_setting_get_string(at);
    char        sentence[160] = "must be one of";

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (text && strcmp(text, words[i].word) == 0) {
            mem_free(*op);
            *op = mem_copy_text(words[i].op);
            return *op ? BSR_OK : bsr_fail_memory(reader->err, reader->path, strlen(text));
        }
        size_t used = strlen(sentence);
        snprintf(sentence + used, sizeof sentence - used, " %s", words[i].word);
    }
    return net_refuse(reader, at, sentence);
}

/* ---- layers
 * ----------------------------------------------------------------------------------------------------------
 */

#define FIELD(name) offsetof(struct net_layer, name)

static const struct net_key node_keys[] = {
    {"op", net_read_name, FIELD(op)},           {"name", net_read_name, FIELD(name)},
    {"input", net_read_names, FIELD(inputs)},   {"inputs", net_read_names, FIELD(inputs)},
    {"output", net_read_names, FIELD(outputs)}, {"outputs", net_read_names, FIELD(outputs)},
    {"attributes", read_attributes, 0},         {0},
};

#define OF_ALL_TYPES                                                                                         \
    {"type", read_kind, 0}, {"name", net_read_name, FIELD(name)}, {"input", net_read_names, FIELD(inputs)},  \
        {"output", net_read_names, FIELD(outputs)}, {"weights", net_read_source, FIELD(weights)},            \
        {"bias", net_read_source, FIELD(bias)},                                                              \
    {                                                                                                        \
        "activation", read_activation, FIELD(activation)                                                     \
    }

static const struct net_key conv_keys[] = {
    OF_ALL_TYPES,
    {"channels", read_channels, FIELD(channels)},
    {"kernel", net_read_pair, FIELD(kernel)},
    {"stride", net_read_pair, FIELD(stride)},
    {"dilation", net_read_pair, FIELD(dilation)},
    {"padding", read_padding, 0},
    {"groups", read_channels, FIELD(groups)},
    {0},
};

static const struct net_key dense_keys[] = {
    OF_ALL_TYPES,
    {"units", read_channels, FIELD(channels)},
    {0},
};

static bsr_status check_layer(const struct net_reader *reader, const config_setting_t *group,
                              const struct net_layer *layer)
{
    if (layer->kind == NET_CONV && (!layer->channels || !layer->kernel[0]))
        return net_refuse(reader, group, "a conv layer needs channels and kernel");
    if (layer->kind == NET_DENSE && !layer->channels)
        return net_refuse(reader, group, "a dense layer needs units");
    if (layer->weights.kind == NET_NONE)
        return net_refuse(reader, group, "a layer without weights is none");
    return BSR_OK;
}

bsr_status net_read_layer(const struct net_reader *reader, const config_setting_t *group, void *into)
{
    struct net_layer *layer = into;
    layer->line = (int)config_setting_source_line(group);
    layer->stride[0] = layer->stride[1] = layer->dilation[0] = layer->dilation[1] = layer->groups = 1;
    layer->weights = layer->bias = (struct net_source){.dims = -1};

    if (!config_setting_is_group(group))
        return net_refuse(reader, group, "must be a group: { ... }");
    const config_setting_t *type = config_setting_get_member(group, "type");
    if (!type && !config_setting_get_member(group, "op"))
        return net_refuse(reader, group, "a layer needs op (\"Mul\") or type (\"conv\", \"dense\")");
    if (!type)
        return net_read_group(reader, group, node_keys, layer);
    bsr_status status = read_kind(reader, type, layer);
    if (status == BSR_OK)
        status = net_read_group(reader, group, layer->kind == NET_CONV ? conv_keys : dense_keys, layer);
    return status == BSR_OK ? check_layer(reader, group, layer) : status;
}
