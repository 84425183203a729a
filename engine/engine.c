#include "engine/engine.h"

#include "base/alloc.h"
#include "engine/opencv_dnn.h"
#include "onnx/model.h"

#include <limits.h>
#include <string.h>

struct engine {
    struct opencv_net    *net;
    char                 *name;
    struct net_ports      ports;
    int                  *declared_dims; /* of the outputs, -1 where the model tells none */
    const struct tensor **ordered;       /* the inputs of a run, in the model's order */
    struct tensor        *outputs;
};

static bsr_status copy_inputs(struct net_ports *ports, const struct onnx_model *model, struct bsr_error *err)
{
    int count = onnx_input_count(model);

    ports->inputs = mem_alloc_zeroed((size_t)count, sizeof *ports->inputs);
    if (!ports->inputs)
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof(void *));
    ports->input_count = count;
    for (int i = 0; i < count; i++) {
        const char *name = onnx_input(model, i).name;
        ports->inputs[i] = mem_copy_text(name);
        if (!ports->inputs[i])
            return bsr_fail_memory(err, NULL, strlen(name) + 1);
    }
    return BSR_OK;
}

static bsr_status copy_outputs(struct engine *engine, const struct onnx_model *model, struct bsr_error *err)
{
    struct net_ports *ports = &engine->ports;
    int               count = onnx_output_count(model);

    ports->outputs = mem_alloc_zeroed((size_t)count, sizeof *ports->outputs);
    engine->outputs = mem_alloc_zeroed((size_t)count, sizeof *engine->outputs);
    engine->declared_dims = mem_alloc_zeroed((size_t)count, sizeof *engine->declared_dims);
    if (!ports->outputs || !engine->outputs || !engine->declared_dims)
        return bsr_fail_memory(err, NULL, (size_t)count * sizeof *engine->outputs);
    ports->output_count = count;
    for (int i = 0; i < count; i++) {
        struct onnx_value value = onnx_output(model, i);
        ports->outputs[i] = mem_copy_text(value.name);
        if (!ports->outputs[i])
            return bsr_fail_memory(err, NULL, strlen(value.name) + 1);
        engine->outputs[i].name = ports->outputs[i];
        engine->declared_dims[i] = value.dims;
    }
    return BSR_OK;
}

/* Our own reader goes first: it refuses what is no valid model, and OpenCV keeps the outputs in no order. */
static bsr_status read_ports(struct engine *engine, const void *onnx, size_t size, struct bsr_error *err)
{
    struct onnx_model *model = NULL;
    bsr_status         status = onnx_model_read(&model, onnx, size, NULL, engine->name, err);

    if (status != BSR_OK)
        return status;
    status = copy_inputs(&engine->ports, model, err);
    if (status == BSR_OK)
        status = copy_outputs(engine, model, err);
    onnx_model_free(model);
    if (status != BSR_OK)
        return status;
    if (!engine->ports.input_count || !engine->ports.output_count)
        return bsr_fail(err, BSR_EMODEL, engine->name, "a net with %d inputs and %d outputs can't be run",
                        engine->ports.input_count, engine->ports.output_count);
    engine->ordered = mem_alloc_zeroed((size_t)engine->ports.input_count, sizeof(void *));
    if (!engine->ordered)
        return bsr_fail_memory(err, NULL, (size_t)engine->ports.input_count * sizeof(void *));
    return BSR_OK;
}

bsr_status engine_open(struct engine **out, const void *onnx, size_t size,
                       const struct engine_options *options, const char *name, struct bsr_error *err)
{
    const char    *backend = options ? options->backend : NULL;
    struct engine *engine = mem_alloc_zeroed(1, sizeof *engine);
    if (!engine)
        return bsr_fail_memory(err, name, sizeof *engine);

    bsr_status status = BSR_OK;
    engine->name = mem_copy_text(name ? name : "");
    if (!engine->name)
        status = bsr_fail_memory(err, name, 1);
    if (status == BSR_OK)
        status = read_ports(engine, onnx, size, err);
    if (status == BSR_OK)
        status = opencv_net_open(&engine->net, onnx, size, &engine->ports, backend, engine->name, err);
    if (status != BSR_OK) {
        engine_close(engine);
        return status;
    }
    *out = engine;
    return BSR_OK;
}

static void free_names(char **names, int count)
{
    for (int i = 0; names && i < count; i++)
        mem_free(names[i]);
    mem_free(names);
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    opencv_net_close(engine->net);
    free_names(engine->ports.inputs, engine->ports.input_count);
    free_names(engine->ports.outputs, engine->ports.output_count);
    mem_free(engine->declared_dims);
    mem_free(engine->ordered);
    mem_free(engine->outputs);
    mem_free(engine->name);
    mem_free(engine);
}

/* A shape that OpenCV can hold: sides 1 .. INT_MAX, and a size in bytes that does not overflow. */
static bsr_status check_shape(const struct engine *engine, const struct tensor *input, struct bsr_error *err)
{
    size_t bytes = sizeof(float);

    if (!input->data || input->dims < 1 || input->dims > ENGINE_MAX_DIMS)
        return bsr_fail(err, BSR_EENGINE, engine->name,
                        "the input '%s' has %d dimensions (1 to %d) or no data",
                        input->name ? input->name : "", input->dims, ENGINE_MAX_DIMS);
    for (int i = 0; i < input->dims; i++) {
        int64_t side = input->shape[i];
        bytes = side >= 1 && side <= INT_MAX ? mem_product(bytes, (size_t)side) : 0;
        if (!bytes)
            return bsr_fail(err, BSR_EENGINE, engine->name, "the input '%s' has an impossible side of %lld",
                            input->name ? input->name : "", (long long)side);
    }
    return BSR_OK;
}

/* Where an input belongs among the model's, or -1. The only input of a net needs no name. */
static int find_port(const struct engine *engine, const struct tensor *input)
{
    if (!input->name)
        return engine->ports.input_count == 1 ? 0 : -1;
    for (int i = 0; i < engine->ports.input_count; i++)
        if (strcmp(engine->ports.inputs[i], input->name) == 0)
            return i;
    return -1;
}

static bsr_status order_inputs(struct engine *engine, const struct tensor *inputs, int count,
                               struct bsr_error *err)
{
    if (count != engine->ports.input_count)
        return bsr_fail(err, BSR_EENGINE, engine->name, "the net takes %d inputs, not %d",
                        engine->ports.input_count, count);
    for (int i = 0; i < count; i++)
        engine->ordered[i] = NULL;
    for (int i = 0; i < count; i++) {
        int        port = find_port(engine, &inputs[i]);
        bsr_status status = check_shape(engine, &inputs[i], err);
        if (status != BSR_OK)
            return status;
        if (port < 0 || engine->ordered[port])
            return bsr_fail(err, BSR_EENGINE, engine->name, "the net has no %sinput '%s'",
                            port < 0 ? "" : "second ", inputs[i].name ? inputs[i].name : "");
        engine->ordered[port] = &inputs[i];
    }
    return BSR_OK;
}

/* OpenCV holds vectors of n as n x 1 and scalars as 1 x 1: the model's own count of dimensions is the right
 * one, where what goes is all ones. */
static void restore_dims(struct tensor *output, int declared)
{
    while (declared >= 1 && output->dims > declared && output->shape[output->dims - 1] == 1)
        output->dims--;
}

bsr_status engine_run(struct engine *engine, const struct tensor *inputs, int input_count,
                      const struct tensor **outputs, int *output_count, struct bsr_error *err)
{
    bsr_status status = order_inputs(engine, inputs, input_count, err);

    if (status == BSR_OK)
        status = opencv_net_run(engine->net, engine->ordered, engine->outputs, err);
    if (status != BSR_OK)
        return status;
    for (int i = 0; i < engine->ports.output_count; i++)
        restore_dims(&engine->outputs[i], engine->declared_dims[i]);
    *outputs = engine->outputs;
    *output_count = engine->ports.output_count;
    return BSR_OK;
}

void engine_set_threads(int threads)
{
    opencv_set_threads(threads);
}

const char *engine_version(void)
{
    return opencv_version();
}
