#include "config/net_description.h"

#include "base/alloc.h"
#include "base/file.h"
#include "config/net_values.h"

#include <stdio.h>
#include <string.h>

/* ---- inputs and weights
 * ------------------------------------------------------------------------------------------ */

static bsr_status read_tensor(const struct net_reader *reader, const config_setting_t *group,
                              const struct net_key *keys, struct net_tensor *tensor)
{
    tensor->line = (int)config_setting_source_line(group);
    tensor->source = (struct net_source){.dims = -1};
    bsr_status status = net_read_group(reader, group, keys, tensor);
    if (status == BSR_OK && !tensor->name)
        status = net_refuse(reader, group, "needs a name");
    return status;
}

#define FIELD(name) offsetof(struct net_tensor, name)

static bsr_status read_input(const struct net_reader *reader, const config_setting_t *group, void *into)
{
    static const struct net_key keys[] = {{"name", net_read_name, FIELD(name)},
                                          {"type", net_read_type, FIELD(source)},
                                          {"shape", net_read_shape, FIELD(source)},
                                          {0}};
    struct net_tensor          *tensor = into;
    bsr_status                  status = read_tensor(reader, group, keys, tensor);
    if (!tensor->source.type)
        tensor->source.type = BSR_F32;
    if (status == BSR_OK && tensor->source.dims < 0)
        status = net_refuse(reader, group, "an input needs a shape: [1, 3, 224, 224]");
    return status;
}

static bsr_status read_weight(const struct net_reader *reader, const config_setting_t *group, void *into)
{
    static const struct net_key keys[] = {{"name", net_read_name, FIELD(name)},
                                          {"type", net_read_type, FIELD(source)},
                                          {"shape", net_read_shape, FIELD(source)},
                                          {"file", net_read_file, FIELD(source)},
                                          {"values", net_read_values, FIELD(source)},
                                          {"fill", net_read_fill, FIELD(source)},
                                          {0}};
    struct net_tensor          *tensor = into;
    bsr_status                  status = read_tensor(reader, group, keys, tensor);
    if (status != BSR_OK)
        return status;
    for (int i = 0; i < tensor->source.dims; i++)
        if (tensor->source.shape[i] < 0)
            return net_refuse(reader, group, "a weight's sides are known");
    if (tensor->source.dims < 0 && tensor->source.kind == NET_NOT_GIVEN)
        return net_refuse(reader, group, "random weights need a shape");
    return BSR_OK;
}

#undef FIELD

static bsr_status read_inputs(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_description *net = into;
    return net_read_list(reader, at, &net->inputs, &net->input_count, sizeof *net->inputs, NET_MAX_TENSORS,
                         read_input);
}

static bsr_status read_weights(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_description *net = into;
    return net_read_list(reader, at, &net->weights, &net->weight_count, sizeof *net->weights, NET_MAX_TENSORS,
                         read_weight);
}

static bsr_status read_layers(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_description *net = into;
    return net_read_list(reader, at, &net->layers, &net->layer_count, sizeof *net->layers, NET_MAX_LAYERS,
                         net_read_layer);
}

/* ---- the rest
 * ------------------------------------------------------------------------------------------------------- */

static bsr_status read_opset(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    int64_t    opset = 0;
    bsr_status status = net_read_whole(reader, at, 7, 22, &opset);
    *(int *)into = (int)opset;
    return status;
}

static bsr_status read_seed(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    int64_t    seed = 0;
    bsr_status status = net_read_whole(reader, at, 0, INT64_MAX, &seed);
    *(uint64_t *)into = (uint64_t)seed;
    return status;
}

static bsr_status read_storage(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    const char *text = config_setting_get_string(at);
    bool        f16 = text && strcmp(text, "f16") == 0;
    if (!f16 && (!text || strcmp(text, "f32") != 0))
        return net_refuse(reader, at, "must be \"f32\" or \"f16\"");
    *(bool *)into = f16;
    return BSR_OK;
}

static bsr_status read_metadata(const struct net_reader *reader, const config_setting_t *at, void *into)
{
    struct net_names *names = into;
    int               count = config_setting_is_group(at) ? config_setting_length(at) : -1;

    if (count < 0 || count > NET_MAX_LIST)
        return net_refuse(reader, at, "must be a group of texts: metadata = { author = \"...\"; };");
    names->items = mem_alloc_zeroed(2 * (size_t)count + 1, sizeof *names->items);
    if (!names->items)
        return bsr_fail_memory(reader->err, reader->path, 2 * (size_t)count * sizeof *names->items);
    for (int i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(at, (unsigned)i);
        names->items[names->count] = mem_copy_text(config_setting_name(item));
        if (!names->items[names->count++])
            return bsr_fail_memory(reader->err, reader->path, 1);
        bsr_status status = net_read_name(reader, item, &names->items[names->count++]);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

#define FIELD(name) offsetof(struct net_description, name)

static const struct net_key net_keys[] = {
    {"name", net_read_name, FIELD(name)},
    {"opset", read_opset, FIELD(opset)},
    {"storage", read_storage, FIELD(f16)},
    {"seed", read_seed, FIELD(seed)},
    {"inputs", read_inputs, 0},
    {"weights", read_weights, 0},
    {"layers", read_layers, 0},
    {"outputs", net_read_names, FIELD(outputs)},
    {"metadata", read_metadata, FIELD(metadata)},
    {0},
};

#undef FIELD

static bsr_status name_after_file(struct net_description *net, struct bsr_error *err)
{
    const char *file = file_name(net->path);
    size_t      length = strlen(file);

    if (net->name)
        return BSR_OK;
    net->name = mem_copy_text(*file ? file : "net");
    if (!net->name)
        return bsr_fail_memory(err, net->path, length);
    if (length > 4 && strcmp(file + length - 4, ".cfg") == 0)
        net->name[length - 4] = '\0';
    return BSR_OK;
}

static bsr_status fill(struct net_description *net, const char *path, const config_setting_t *root,
                       struct bsr_error *err)
{
    const struct net_reader reader = {.path = path, .err = err};
    bsr_status              status = net_read_group(&reader, root, net_keys, net);

    if (status == BSR_OK && !net->inputs)
        status = bsr_fail(err, BSR_EUSAGE, path,
                          "names no inputs: inputs = ( { name = \"x\"; shape = [1, 3]; } );");
    if (status == BSR_OK && !net->layers)
        status = bsr_fail(err, BSR_EUSAGE, path, "has no layers: layers = ( { op = \"Relu\"; } );");
    return status;
}

bsr_status net_description_read(struct net_description *out, const char *path, struct bsr_error *err)
{
    struct net_description net = {.path = NULL};
    config_t               config;
    bsr_status             status = settings_read(&config, path, err);
    if (status != BSR_OK)
        return status;
    net.path = mem_copy_text(path);
    status = net.path ? fill(&net, path, config_root_setting(&config), err)
                      : bsr_fail_memory(err, path, strlen(path));
    config_destroy(&config);
    if (status == BSR_OK)
        status = name_after_file(&net, err);
    if (status == BSR_OK)
        *out = net;
    else
        net_description_free(&net);
    return status;
}

static void free_tensors(struct net_tensor *tensors, int count)
{
    for (int i = 0; i < count; i++) {
        mem_free(tensors[i].name);
        net_source_free(&tensors[i].source);
    }
    mem_free(tensors);
}

static void free_layer(struct net_layer *layer)
{
    for (int i = 0; i < layer->attribute_count; i++) {
        mem_free(layer->attributes[i].name);
        mem_free(layer->attributes[i].text);
        mem_free(layer->attributes[i].ints);
        mem_free(layer->attributes[i].floats);
    }
    mem_free(layer->attributes);
    mem_free(layer->name);
    mem_free(layer->op);
    mem_free(layer->activation);
    net_names_free(&layer->inputs);
    net_names_free(&layer->outputs);
    net_source_free(&layer->weights);
    net_source_free(&layer->bias);
}

void net_description_free(struct net_description *net)
{
    mem_free(net->path);
    mem_free(net->name);
    free_tensors(net->inputs, net->input_count);
    free_tensors(net->weights, net->weight_count);
    for (int i = 0; i < net->layer_count; i++)
        free_layer(&net->layers[i]);
    mem_free(net->layers);
    net_names_free(&net->outputs);
    net_names_free(&net->metadata);
    *net = (struct net_description){.path = NULL};
}
