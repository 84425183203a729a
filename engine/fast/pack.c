/* Convolutions of a net, with their methods and weights. */
#include "base/alloc.h"
#include "base/pool.h"
#include "engine/fast/program.h"
#include "engine/fast/read.h"

#include <stdatomic.h>
#include <unistd.h>

enum { PACK_MOST_THREADS = 16 };

/* All processors share the last level of cache, in one net or in several: the choice is the same for any
 * number of threads, so that results are. */
static int sharers(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : (processors > 256 ? 256 : (int)processors);
}

/* What a map of a tile usually measures: for choices that must not depend on what it does measure. */
enum { STEADY_SIDE = 128 };

/* For maps of floats. */
static enum conv_method choose_method(const struct fast_conv *conv, struct fast_way way)
{
    int height = way.steady ? STEADY_SIDE : conv->size[0], width = way.steady ? STEADY_SIDE : conv->size[1];
    enum conv_method best = CONV_DIRECT;
    double           least = 0;
    bool             found = false;

    if (way.bf16 && conv_can(CONV_BF16, &conv->shape))
        return CONV_BF16;
    for (int m = 0; m < CONV_METHODS; m++) {
        enum conv_method method = (enum conv_method)m;
        if (method == CONV_BF16 || method == CONV_BYTES || !conv_can(method, &conv->shape))
            continue;
        double cost = conv_cost(method, &conv->shape, height, width, sharers());
        if (!found || cost < least) {
            found = true;
            best = method;
            least = cost;
        }
    }
    return best;
}

/* ---- ConvTranspose ------------------------------------------------------------------------------- */

/* Outputs o = first, first + s, ... of an axis with stride s and padding p see the taps k = r, r + s, ... of
 * the kernel, where (o + p) % s = r, last tap first: a convolution with stride 1 of those taps, reversed. The
 * output at `first` sees input (first + p - r) / s with its tap r. */
static void find_phase(struct fast_conv *phase, const struct fast_layer *layer, int axis, int r, int out)
{
    int stride = layer->conv.stride[axis], pad = layer->conv.pad[axis], kernel = layer->conv.kernel[axis];
    int first = ((r - pad) % stride + stride) % stride, taps = (kernel - r + stride - 1) / stride;
    int before = taps - 1 - (first + pad - r) / stride;

    phase->first[axis] = first;
    phase->step[axis] = stride;
    phase->size[axis] = out > first ? (out - first + stride - 1) / stride : 0;
    phase->skip[axis] = before < 0 ? -before : 0;
    phase->shape.pad[axis] = before < 0 ? 0 : before;
    phase->shape.kernel[axis] = taps;
    phase->shape.stride[axis] = 1;
}

/* The taps of a phase, reversed. */
static float *take_taps(const struct fast_layer *layer, const struct fast_conv *phase, int ry, int rx)
{
    const struct conv_shape *whole = &layer->conv;
    size_t                   planes = (size_t)whole->outputs * (size_t)(whole->inputs / whole->groups);
    int                      height = phase->shape.kernel[0], width = phase->shape.kernel[1];
    float                   *taps = read_zeros(planes * (size_t)height * (size_t)width);

    for (size_t p = 0; taps && p < planes; p++) {
        const float *given = layer->weights + p * (size_t)whole->kernel[0] * (size_t)whole->kernel[1];
        float       *own = taps + p * (size_t)height * (size_t)width;
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                own[y * width + x] = given[(ry + whole->stride[0] * (height - 1 - y)) * whole->kernel[1] +
                                           rx + whole->stride[1] * (width - 1 - x)];
    }
    return taps;
}

static bsr_status pack_phase(struct fast_conv *phase, const struct fast_layer *layer, int ry, int rx,
                             struct fast_way way, struct bsr_error *err)
{
    float *taps = take_taps(layer, phase, ry, rx);
    if (!taps)
        return bsr_fail_memory(err, NULL, fast_weight_count(layer) * sizeof *taps);
    phase->method = choose_method(phase, way);
    bsr_status status = store_get(&phase->packed, phase->method, &phase->shape, taps, layer->bias, err);
    mem_free(taps);
    return status;
}

static bsr_status pack_transposed(struct fast_convs *convs, const struct fast_layer *layer,
                                  const struct fast_value *out, struct fast_way way, struct bsr_error *err)
{
    int rows = layer->conv.stride[0], columns = layer->conv.stride[1];

    convs->items = mem_alloc_zeroed((size_t)rows * (size_t)columns, sizeof *convs->items);
    if (!convs->items)
        return bsr_fail_memory(err, NULL, sizeof *convs->items);
    for (int r = 0; r < rows * columns; r++) {
        struct fast_conv *phase = &convs->items[convs->count];
        *phase = (struct fast_conv){.shape = layer->conv};
        find_phase(phase, layer, 0, r / columns, out->height);
        find_phase(phase, layer, 1, r % columns, out->width);
        if (phase->size[0] == 0 || phase->size[1] == 0)
            continue;
        convs->count++;
        bsr_status status = pack_phase(phase, layer, r / columns, r % columns, way, err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

/* ---- all of them --------------------------------------------------------------------------------- */

static bsr_status pack_conv(struct fast_convs *convs, const struct fast_layer *layer,
                            const struct fast_value *in, const struct fast_value *out, struct fast_way way,
                            struct bsr_error *err)
{
    struct fast_conv *conv = mem_alloc_zeroed(1, sizeof *conv);
    if (!conv)
        return bsr_fail_memory(err, NULL, sizeof *conv);
    *conv = (struct fast_conv){.shape = layer->conv, .step = {1, 1}, .size = {out->height, out->width}};
    convs->items = conv;
    convs->count = 1;
    conv->method = steps_are_bytes(in->steps) ? CONV_BYTES : choose_method(conv, way);
    return store_get(&conv->packed, conv->method, &conv->shape, layer->weights, layer->bias, err);
}

/* What may be asked for: by the method that the whole would be by, so that sums are the same. */
static bsr_status pack_groups(struct fast_convs *convs, const struct fast_layer *layer,
                              const struct fast_value *in, struct bsr_error *err)
{
    int    groups = layer->wish.groups;
    size_t each = (size_t)layer->conv.outputs;

    convs->items = mem_alloc_zeroed((size_t)groups, sizeof *convs->items);
    if (!convs->items)
        return bsr_fail_memory(err, NULL, (size_t)groups * sizeof *convs->items);
    while (convs->count < groups) {
        size_t            first = each * (size_t)convs->count;
        struct fast_conv *conv = &convs->items[convs->count++];
        *conv = (struct fast_conv){.method = steps_are_bytes(in->steps) ? CONV_BYTES : CONV_DIRECT,
                                   .shape = layer->conv,
                                   .step = {1, 1},
                                   .size = {in->height, in->width}};
        bsr_status status = store_get(&conv->packed, conv->method, &conv->shape,
                                      layer->weights + first * (size_t)layer->conv.inputs,
                                      layer->bias ? layer->bias + first : NULL, err);
        if (status != BSR_OK)
            return status;
    }
    return BSR_OK;
}

static void free_weights(struct fast_layer *layer)
{
    mem_free(layer->weights);
    mem_free(layer->bias);
    layer->weights = layer->bias = NULL;
}

/* Weights of a layer, packed and freed. */
static bsr_status pack_layer(const struct fast_program *program, int index, struct bsr_error *err)
{
    struct fast_layer       *layer = &program->net.layers[index];
    struct fast_convs       *convs = &program->convs[index];
    const struct fast_value *values = program->net.values;
    bsr_status               status;

    if (layer->kind == LAYER_KEEP)
        status = pack_groups(convs, layer, &values[layer->inputs[0]], err);
    else if (layer->kind == LAYER_CONV)
        status =
            pack_conv(convs, layer, &values[layer->inputs[0]], &values[layer->output], program->way, err);
    else
        status = pack_transposed(convs, layer, &values[layer->output], program->way, err);

    free_weights(layer);
    return status;
}

/* What the threads share. Each takes the next layer that nobody has begun: some take long. */
struct packing {
    const struct fast_program *program;
    atomic_int                 next;
    atomic_bool                failed;
    bsr_status                 statuses[PACK_MOST_THREADS];
    struct bsr_error           errors[PACK_MOST_THREADS];
};

static void pack_layers(void *context, int worker, int first, int last)
{
    struct packing        *packing = context;
    const struct fast_net *net = &packing->program->net;

    (void)first;
    (void)last;
    for (int i;
         !atomic_load(&packing->failed) && (i = atomic_fetch_add(&packing->next, 1)) < net->layer_count;) {
        bool keeps = net->layers[i].kind == LAYER_KEEP && net->layers[i].weights;
        if (net->layers[i].gone || (!keeps && !fast_is_conv(&net->layers[i])))
            continue;
        packing->statuses[worker] = pack_layer(packing->program, i, &packing->errors[worker]);
        if (packing->statuses[worker] != BSR_OK)
            atomic_store(&packing->failed, true);
    }
}

bsr_status program_pack(struct fast_program *program, struct bsr_error *err)
{
    const struct fast_net *net = &program->net;
    int                    threads = fast_threads() < PACK_MOST_THREADS ? fast_threads() : PACK_MOST_THREADS;
    struct pool           *pool = NULL;
    struct packing         packing = {.program = program};

    program->convs = mem_alloc_zeroed((size_t)net->layer_count + 1, sizeof *program->convs);
    if (!program->convs)
        return bsr_fail_memory(err, program->name, (size_t)net->layer_count * sizeof *program->convs);
    if (threads > 1 && pool_create(&pool, threads, NULL) != BSR_OK)
        pool = NULL; /* one thread can do it, too */
    pool_run(pool, pool_threads(pool), pack_layers, &packing);
    pool_destroy(pool);
    for (int i = 0; i < threads; i++)
        if (packing.statuses[i] != BSR_OK) {
            if (err)
                *err = packing.errors[i];
            return packing.statuses[i];
        }
    return BSR_OK;
}
