#include "pipeline/build_config.h"

#include "base/alloc.h"
#include "base/tensor.h"
#include "config/net_description.h"
#include "onnx/build.h"
#include "onnx/inspect/schemas.h"
#include "pipeline/build_weights.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 512, C = 1 };

/* A model being made from its description. */
struct config_build {
    const struct net_description *net;
    struct bsr_build             *build;
    struct weight_maker           maker;
    char                          last[NAME_SIZE]; /* what the layer before made */
    bool                          last_named;      /* by the description */
    int                           numbers[3];      /* of layers without a name, by kind */
    struct bsr_error             *err;
};

/* What the builder says, at a line of the description. */
static bsr_status check(const struct config_build *b, int line)
{
    struct bsr_error why = {0};
    bsr_status       status = build_status(b->build, &why);

    if (status == BSR_EMODEL || status == BSR_EUSAGE) {
        weight_fail_at(b->net->path, line, b->err, status, "%s", why.message);
        if (why.hint[0])
            bsr_hint(b->err, "%s", why.hint);
    } else if (status != BSR_OK && b->err) {
        *b->err = why;
    }
    return status;
}

static bsr_status fail_layer(const struct config_build *b, const struct net_layer *layer, const char *why)
{
    return weight_fail_at(b->net->path, layer->line, b->err, BSR_EUSAGE, "%s", why);
}

static bsr_status remember(struct config_build *b, const struct net_layer *layer, const char *value,
                           bool named)
{
    size_t length = value ? strlen(value) : NAME_SIZE;
    if (length >= NAME_SIZE)
        return fail_layer(b, layer, "a name is longer than 511 bytes");
    memcpy(b->last, value, length + 1);
    b->last_named = named;
    return BSR_OK;
}

/* ---- weights
 * ----------------------------------------------------------------------------------------------------- */

static bsr_status add_weight(struct config_build *b, const struct net_source *source,
                             const struct weight_wish *wish)
{
    struct bsr_tensor tensor = {0};
    bsr_status        status = weight_make(&tensor, &b->maker, source, wish, b->err);
    if (status != BSR_OK)
        return status;
    bsr_build_weight(b->build, wish->name, &tensor);
    tensor_free(&tensor);
    return check(b, wish->line);
}

static bsr_status add_named_weights(struct config_build *b)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < b->net->weight_count; i++) {
        const struct net_tensor *weight = &b->net->weights[i];
        const struct weight_wish wish = {weight->name, {.dims = -1}, weight->line};
        status = add_weight(b, &weight->source, &wish);
    }
    return status;
}

static bsr_status add_inputs(struct config_build *b)
{
    bsr_status status = BSR_OK;

    for (int i = 0; status == BSR_OK && i < b->net->input_count; i++) {
        const struct net_tensor *input = &b->net->inputs[i];
        bsr_build_input(b->build, input->name, input->source.type, input->source.dims, input->source.shape);
        status = check(b, input->line);
    }
    if (status == BSR_OK && strlen(b->net->inputs[0].name) < NAME_SIZE)
        memcpy(b->last, b->net->inputs[0].name, strlen(b->net->inputs[0].name) + 1);
    return status;
}

/* ---- layers that are a node
 * ---------------------------------------------------------------------------------------- */

/* A number written without a point is a float where ONNX wants one. */
static enum net_attribute_kind kind_of(const char *op, const struct net_attribute *attribute)
{
    const struct schema    *schema = schema_find(op);
    struct schema_attribute known;

    if (!schema || !schema_find_attribute(&known, schema, attribute->name))
        return attribute->kind;
    if (attribute->kind == NET_INT && !strchr(known.types, 'i') && strchr(known.types, 'f'))
        return NET_FLOAT;
    if (attribute->kind == NET_INTS && !strchr(known.types, 'I') && strchr(known.types, 'F'))
        return NET_FLOATS;
    return attribute->kind;
}

static struct bsr_attribute translate(const char *op, const struct net_attribute *attribute)
{
    switch (kind_of(op, attribute)) {
    case NET_FLOAT:
        return bsr_attribute_float(attribute->name, attribute->f);
    case NET_TEXT:
        return bsr_attribute_text(attribute->name, attribute->text);
    case NET_INTS:
        return bsr_attribute_ints(attribute->name, attribute->count, attribute->ints);
    case NET_FLOATS:
        return bsr_attribute_floats(attribute->name, attribute->count, attribute->floats);
    case NET_INT:
        break;
    }
    return bsr_attribute_int(attribute->name, attribute->i);
}

/* The names as a list that ends with NULL: net_names has one more entry than it counts. */
static const char *const *listed(const struct net_names *names)
{
    return (const char *const *)names->items;
}

static bsr_status add_node(struct config_build *b, const struct net_layer *layer)
{
    const char *const last[] = {b->last, NULL}, *const by_name[] = {layer->name, NULL};
    const char *const    *inputs = layer->inputs.count ? listed(&layer->inputs) : last;
    const char           *value;
    struct bsr_attribute *attributes =
        mem_alloc_zeroed((size_t)layer->attribute_count + 1, sizeof *attributes);
    if (!attributes)
        return bsr_fail_memory(b->err, b->net->path, sizeof *attributes);
    for (int i = 0; i < layer->attribute_count; i++)
        attributes[i] = translate(layer->op, &layer->attributes[i]);
    bool named = layer->outputs.count || layer->name;
    if (named)
        value = bsr_build_named_node(b->build, layer->op, layer->name, inputs,
                                     layer->outputs.count ? listed(&layer->outputs) : by_name, attributes);
    else
        value = bsr_build_node(b->build, layer->op, inputs, attributes);
    mem_free(attributes);
    bsr_status status = check(b, layer->line);
    return status == BSR_OK ? remember(b, layer, value, named) : status;
}

/* ---- conv and dense
 * --------------------------------------------------------------------------------------------------- */

/* "conv1.weight" and the like. */
struct part_name {
    char text[NAME_SIZE + 16];
};

static struct part_name part_of(const char *layer, const char *part)
{
    struct part_name name;
    snprintf(name.text, sizeof name.text, "%s.%s", layer, part);
    return name;
}

/* The layer's own name, or one made up: conv1, conv2, dense1. */
static struct part_name name_of(struct config_build *b, const struct net_layer *layer)
{
    struct part_name name;
    int             *number = &b->numbers[layer->kind];

    if (layer->name) {
        snprintf(name.text, sizeof name.text, "%.*s", NAME_SIZE - 1, layer->name);
        return name;
    }
    snprintf(name.text, sizeof name.text, "%s%d", layer->kind == NET_CONV ? "conv" : "dense", ++*number);
    return name;
}

/* Weights and bias of a layer. The bias is left out by false, and 0 where nothing is said. */
static bsr_status add_parameters(struct config_build *b, const struct net_layer *layer, const char *name,
                                 const struct bsr_tensor *weights)
{
    const struct part_name   weight_name = part_of(name, "weight"), bias_name = part_of(name, "bias");
    const struct weight_wish weight = {weight_name.text, *weights, layer->line};
    const struct weight_wish bias = {
        bias_name.text, {.type = BSR_F32, .dims = 1, .shape = {layer->channels}}, layer->line};
    double            zero[1] = {0};
    struct net_source zeros = {.kind = NET_FILL, .values = zero, .value_count = 1, .dims = -1};
    bsr_status        status = add_weight(b, &layer->weights, &weight);

    if (status == BSR_OK && layer->bias.kind != NET_NONE)
        status = add_weight(b, layer->bias.kind == NET_NOT_GIVEN ? &zeros : &layer->bias, &bias);
    return status;
}

/* The node, and its activation behind it: the last of them has the layer's output. */
static bsr_status add_with_activation(struct config_build *b, const struct net_layer *layer, const char *name,
                                      const char *op, const char *input,
                                      const struct bsr_attribute *attributes)
{
    const struct part_name weight = part_of(name, "weight"), bias = part_of(name, "bias"),
                           linear = part_of(name, "linear"), active = part_of(name, "activation");
    const char *const inputs[] = {input, weight.text, layer->bias.kind == NET_NONE ? NULL : bias.text, NULL};
    const char       *output = layer->outputs.count ? layer->outputs.items[0] : name;
    const char *const ends[] = {output, NULL}, *const between[] = {linear.text, NULL};

    bsr_build_named_node(b->build, op, name, inputs, layer->activation ? between : ends, attributes);
    if (layer->activation)
        bsr_build_named_node(b->build, layer->activation, active.text, between, ends, NULL);
    bsr_status status = check(b, layer->line);
    return status == BSR_OK ? remember(b, layer, output, layer->outputs.count || layer->name) : status;
}

static const char *input_of(const struct config_build *b, const struct net_layer *layer)
{
    return layer->inputs.count ? layer->inputs.items[0] : b->last;
}

/* Padding that keeps the size at a stride of 1; at others the engine computes it (SAME_UPPER). */
static void find_pads(int64_t *pads, const struct net_layer *layer)
{
    memcpy(pads, layer->padding, sizeof layer->padding);
    for (int i = 0; layer->same && i < 2; i++) {
        int64_t total = (layer->kernel[i] - 1) * layer->dilation[i];
        pads[i] = total / 2;
        pads[i + 2] = total - total / 2;
    }
}

static bsr_status add_conv(struct config_build *b, const struct net_layer *layer)
{
    const struct part_name name = name_of(b, layer);
    const char            *input = input_of(b, layer);
    struct bsr_tensor      shape;
    struct bsr_tensor      weights = {
             .type = BSR_F32, .dims = 4, .shape = {layer->channels, -1, layer->kernel[0], layer->kernel[1]}};
    int64_t pads[4];
    bool    strided = layer->stride[0] > 1 || layer->stride[1] > 1;

    if (bsr_build_shape(b->build, input, &shape)) {
        if (shape.dims != 4)
            return weight_fail_at(b->net->path, layer->line, b->err, BSR_EUSAGE,
                                  "conv reads [N][C][H][W], its input '%s' is %s", input,
                                  tensor_shape_text(&shape).text);
        if (shape.shape[C] % layer->groups || layer->channels % layer->groups)
            return fail_layer(b, layer, "groups must divide the channels of input and output");
        weights.shape[1] = shape.shape[C] / layer->groups;
    }
    bsr_status status = add_parameters(b, layer, name.text, &weights);
    if (status != BSR_OK)
        return status;
    find_pads(pads, layer);
    const struct bsr_attribute attributes[] = {bsr_attribute_ints("kernel_shape", 2, layer->kernel),
                                               bsr_attribute_ints("strides", 2, layer->stride),
                                               bsr_attribute_ints("dilations", 2, layer->dilation),
                                               bsr_attribute_int("group", layer->groups),
                                               layer->same && strided
                                                   ? bsr_attribute_text("auto_pad", "SAME_UPPER")
                                                   : bsr_attribute_ints("pads", 4, pads),
                                               {0}};
    return add_with_activation(b, layer, name.text, "Conv", input, attributes);
}

static bsr_status add_dense(struct config_build *b, const struct net_layer *layer)
{
    const struct part_name name = name_of(b, layer);
    const char            *input = input_of(b, layer);
    struct bsr_tensor      shape;
    struct bsr_tensor      weights = {.type = BSR_F32, .dims = 2, .shape = {layer->channels, -1}};

    if (bsr_build_shape(b->build, input, &shape)) {
        if (shape.dims != 2) {
            weight_fail_at(b->net->path, layer->line, b->err, BSR_EUSAGE,
                           "dense reads [N][C], its input '%s' is %s", input, tensor_shape_text(&shape).text);
            bsr_hint(b->err, "put a layer { op = \"Flatten\"; } before it");
            return BSR_EUSAGE;
        }
        weights.shape[1] = shape.shape[C];
    }
    bsr_status status = add_parameters(b, layer, name.text, &weights);
    if (status != BSR_OK)
        return status;
    const struct bsr_attribute attributes[] = {bsr_attribute_int("transB", 1), {0}};
    return add_with_activation(b, layer, name.text, "Gemm", input, attributes);
}

static bsr_status add_layer(struct config_build *b, const struct net_layer *layer)
{
    if (layer->kind == NET_NODE)
        return add_node(b, layer);
    if (layer->inputs.count > 1 || layer->outputs.count > 1)
        return fail_layer(b, layer, "a conv or dense layer has one input and one output");
    return layer->kind == NET_CONV ? add_conv(b, layer) : add_dense(b, layer);
}

/* ---- the whole
 * -------------------------------------------------------------------------------------------------------- */

static bsr_status add_outputs(struct config_build *b)
{
    const struct net_names *outputs = &b->net->outputs;

    for (int i = 0; i < outputs->count; i++)
        bsr_build_output(b->build, outputs->items[i], outputs->items[i]);
    if (!outputs->count)
        bsr_build_output(b->build, b->last, b->last_named ? NULL : "output");
    for (int i = 0; i + 1 < b->net->metadata.count; i += 2)
        bsr_build_metadata(b->build, b->net->metadata.items[i], b->net->metadata.items[i + 1]);

    struct bsr_error why = {0};
    bsr_status       status = build_status(b->build, &why);
    if (status == BSR_EMODEL)
        return bsr_fail(b->err, status, b->net->path, "outputs: %s", why.message);
    if (status != BSR_OK && b->err)
        *b->err = why;
    return status;
}

static bsr_status build_net(struct config_build *b, struct bytes *out)
{
    bsr_status status = add_inputs(b);

    if (b->net->f16)
        bsr_build_store_f16(b->build);
    if (status == BSR_OK)
        status = add_named_weights(b);
    for (int i = 0; status == BSR_OK && i < b->net->layer_count; i++)
        status = add_layer(b, &b->net->layers[i]);
    if (status == BSR_OK)
        status = add_outputs(b);
    return status == BSR_OK ? build_pack(b->build, out, b->err) : status;
}

bsr_status build_config(struct bytes *out, const char *path, const struct build_config_options *options,
                        struct bsr_error *err)
{
    static const struct build_config_options as_written = {.most_bytes = 0};
    struct net_description                   net;
    struct config_build                      b = {.net = &net, .err = err};
    bsr_status                               status = net_description_read(&net, path, err);
    if (status != BSR_OK)
        return status;

    options = options ? options : &as_written;
    b.maker = (struct weight_maker){.random = options->has_seed ? options->seed : net.seed,
                                    .room = options->most_bytes ? options->most_bytes : INT32_MAX,
                                    .path = net.path};
    if (options->storage != BUILD_STORAGE_AS_WRITTEN)
        net.f16 = options->storage == BUILD_STORAGE_F16;
    status = bsr_build_open(&b.build, net.name, net.opset, err);
    if (status == BSR_OK)
        status = build_net(&b, out);
    bsr_build_close(b.build);
    net_description_free(&net);
    return status;
}
