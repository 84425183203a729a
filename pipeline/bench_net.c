#include "pipeline/bench_net.h"

#include "base/alloc.h"
#include "onnx/inspect/inspect.h"

#include <string.h>

bsr_status bench_net_open(struct bench_net *net, const void *onnx, size_t size, const char *name,
                          struct feeds *feeds, const struct engine_options *engine, struct bsr_error *err)
{
    struct engine_options how = *engine;

    *net = (struct bench_net){.onnx = onnx, .size = size, .name = name, .feeds = *feeds};
    *feeds = (struct feeds){.items = NULL};
    how.borrow = true;
    net->values = mem_alloc_zeroed((size_t)net->feeds.count + 1, sizeof *net->values);
    if (!net->values)
        return bsr_fail_memory(err, name, sizeof *net->values);
    for (int i = 0; i < net->feeds.count; i++)
        net->values[i] =
            (struct engine_value){.name = net->feeds.items[i].name, .tensor = net->feeds.items[i].tensor};
    return engine_open(&net->engine, onnx, size, &how, name, err);
}

bsr_status bench_net_open_srcnn(struct bench_net *net, const struct srcnn *srcnn, struct pool *pool,
                                int width, int height, struct bsr_error *err)
{
    struct bsr_tensor shape = {
        .type = BSR_F32, .dims = 4, .shape = {1, srcnn_channels(srcnn), height, width}};

    *net = (struct bench_net){.srcnn = srcnn, .pool = pool, .in = shape, .out = shape};
    bsr_status status = tensor_alloc(&net->in, err);
    if (status == BSR_OK)
        status = tensor_alloc(&net->out, err);
    if (status == BSR_OK)
        memset(net->in.data, 0, tensor_bytes(&net->in));
    return status;
}

void bench_net_close(struct bench_net *net)
{
    engine_close(net->engine);
    mem_free(net->values);
    feeds_free(&net->feeds);
    tensor_free(&net->in);
    tensor_free(&net->out);
    *net = (struct bench_net){.engine = NULL};
}

bsr_status bench_net_run(struct bench_net *net, struct bsr_error *err)
{
    const struct engine_value *outputs;
    int                        count;

    if (net->srcnn)
        return srcnn_run_planes(net->srcnn, net->in.data, net->out.data, (int)net->in.shape[3],
                                (int)net->in.shape[2], net->pool, err);
    return engine_run_any(net->engine, net->values, net->feeds.count, &outputs, &count, err);
}

/* ---- multiplications ----------------------------------------------------------------------------------- */

/* Those of the whole graph, and of the steps that don't tell theirs, by the names of the nodes. */
static bsr_status count_macs(const struct bench_net *net, double *macs, struct engine_step *steps, int count,
                             struct bsr_error *err)
{
    struct onnx_model     *model = NULL;
    struct onnx_inspection inspection = {.model = NULL};
    struct onnx_named     *shapes = feeds_shapes(&net->feeds);
    bsr_status status = shapes ? onnx_model_read(&model, net->onnx, net->size, NULL, net->name, err)
                               : bsr_fail_memory(err, net->name, sizeof *shapes);

    if (status == BSR_OK)
        status = onnx_inspect(&inspection, model, shapes, net->feeds.count, err);
    for (int i = 0; status == BSR_OK && i < count; i++)
        for (int l = 0; steps[i].region < 0 && l < inspection.layer_count; l++)
            if (strcmp(inspection.layers[l].name, steps[i].name) == 0)
                steps[i].macs = (double)inspection.layers[l].macs;
    if (status == BSR_OK)
        *macs = (double)inspection.macs;
    onnx_inspection_free(&inspection);
    onnx_model_free(model);
    mem_free(shapes);
    return status;
}

bsr_status bench_net_macs(double *macs, const struct bench_net *net, struct bsr_error *err)
{
    if (!net->srcnn)
        return count_macs(net, macs, NULL, 0, err);
    *macs = srcnn_macs(net->srcnn, (int)net->in.shape[3], (int)net->in.shape[2]);
    return BSR_OK;
}

bsr_status bench_net_layers(struct bench_net *net, int runs, struct engine_step **steps, int *count,
                            struct bsr_error *err)
{
    struct engine_step *made = NULL;
    double              all;
    int                 made_count = 0;
    bsr_status          status = BSR_OK;

    if (net->engine)
        status = engine_profile(net->engine, net->values, net->feeds.count, runs, &made, &made_count, err);
    if (net->engine && status == BSR_OK)
        status = count_macs(net, &all, made, made_count, err);
    if (status != BSR_OK) {
        mem_free(made);
        return status;
    }
    *steps = made;
    *count = made_count;
    return BSR_OK;
}
