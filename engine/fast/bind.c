/* The operations of a program, bound to memory. */
#include "base/alloc.h"
#include "engine/fast/program.h"

#include <string.h>

struct binding {
    struct fast_program *program;
    float               *base;
    int                  threads;
    bool                 failed; /* out of memory */
    struct op            spare;  /* what is filled then */
};

static struct op *add_op(struct binding *binding)
{
    struct fast_program *program = binding->program;

    if (program->op_count == program->op_room) {
        int   room = program->op_room ? program->op_room * 2 : 64;
        void *grown = mem_resize(program->ops, (size_t)room, sizeof *program->ops);
        if (!grown) {
            binding->failed = true;
            return &binding->spare;
        }
        program->ops = grown;
        program->op_room = room;
    }
    struct op *op = &program->ops[program->op_count++];
    memset(op, 0, sizeof *op);
    return op;
}

static struct map map_of(const struct binding *binding, int value)
{
    return program_map(binding->program, binding->base, value);
}

/* ---- padding --------------------------------------------------------------------------------------- */

/* Zeroes the channels from numbers[0] on up to the grain, in rows of the map. */
static void run_clear_channels(const struct op *op, int first, int last, void *scratch)
{
    int from = op->numbers[0], count = map_padded(op->out.channels) - from;

    (void)scratch;
    for (int y = first; y < last; y++)
        for (int x = 0; x < op->out.width; x++)
            memset(map_at(&op->out, y, x) + from, 0, (size_t)count * sizeof(float));
}

/* What lies behind the last channel must be finite (bytes always are), also where a layer writes its channels
 * only. */
static void clear_padding(struct binding *binding, const struct map *map)
{
    if (map->channels % MAP_GRAIN == 0 || steps_are_bytes(map->steps))
        return;
    struct op *op = add_op(binding);
    *op = (struct op){.run = run_clear_channels,
                      .units = map->height,
                      .what = "clear",
                      .out = *map,
                      .numbers = {map->channels}};
}

/* ---- layers ---------------------------------------------------------------------------------------- */

/* Pixels of a map: those of a phase. */
static struct map take_phase(struct map map, const struct fast_conv *conv)
{
    if (!map.data)
        return map;
    map.data = map_at(&map, conv->first[0], conv->first[1]);
    map.height = conv->size[0];
    map.width = conv->size[1];
    map.row *= conv->step[0];
    map.pixel *= conv->step[1];
    return map;
}

static void bind_conv(struct binding *binding, const struct fast_layer *layer, const struct fast_conv *conv)
{
    struct map    in = map_of(binding, layer->inputs[0]), out = map_of(binding, layer->output);
    struct finish finish = {.activation = layer->activation,
                            .residual_first = layer->residual_first,
                            .start_shift = layer->start_shift,
                            .per_unit = layer->per_unit,
                            .zero = layer->zero};

    if (layer->residual != NO_VALUE)
        finish.residual = map_of(binding, layer->residual);
    if (layer->residual != NO_VALUE && layer->kind == LAYER_TRANSPOSED)
        finish.residual = take_phase(finish.residual, conv);
    if (layer->start != NO_VALUE)
        finish.start = map_of(binding, layer->start);
    if (layer->kind == LAYER_TRANSPOSED) {
        in.data = map_at(&in, conv->skip[0], conv->skip[1]);
        in.height -= conv->skip[0];
        in.width -= conv->skip[1];
        out = take_phase(out, conv);
    }
    conv_op(add_op(binding), store_conv(conv->packed), &in, &out, &finish, binding->threads);
}

/* A map without its first channels. */
static struct map take_channels(struct map map, int first)
{
    if (steps_are_bytes(map.steps))
        map.bytes += first;
    else
        map.data += first;
    map.channels -= first;
    return map;
}

static void bind_concat(struct binding *binding, const struct fast_layer *layer)
{
    const struct fast_net *net = &binding->program->net;
    struct map             whole = map_of(binding, layer->output);
    int                    at = 0;
    bool                   copied = false;

    for (int i = 0; i < layer->input_count; i++) {
        struct map in = map_of(binding, layer->inputs[i]), out = take_channels(whole, at);
        out.channels = in.channels;
        at += in.channels;
        if (in.data == out.data && in.pixel == out.pixel)
            continue;
        op_copy(add_op(binding), &in, &out);
        copied = true;
    }
    if (copied && net->values[layer->output].parent == NO_VALUE)
        clear_padding(binding, &whole);
}

static void bind_slice(struct binding *binding, const struct fast_layer *layer)
{
    struct map in = map_of(binding, layer->inputs[0]), out = map_of(binding, layer->output);

    in = take_channels(in, layer->from);
    in.channels = out.channels;
    op_copy(add_op(binding), &in, &out);
    clear_padding(binding, &out);
}

static void bind_flatten(struct binding *binding, const struct fast_layer *layer)
{
    struct map in = map_of(binding, layer->inputs[0]), out = map_of(binding, layer->output);

    op_to_planes(add_op(binding), &in, out.data);
    clear_padding(binding, &out);
}

static void bind_simple(struct binding *binding, const struct fast_layer *layer)
{
    struct map in = map_of(binding, layer->inputs[0]), out = map_of(binding, layer->output);
    struct map other = in;
    struct op *op = add_op(binding);

    switch (layer->kind) {
    case LAYER_CONVERT:
        op_convert(op, &in, &out);
        break;
    case LAYER_SCALE:
        op_scale(op, &in, &out, layer->weights, layer->bias, layer->activation);
        break;
    case LAYER_ACTIVATE:
        op_activate(op, &in, &out, layer->activation, layer->weights);
        break;
    case LAYER_BINARY:
        other = map_of(binding, layer->inputs[1]);
        op_binary(op, layer->binary, &in, &other, &out, layer->reversed, layer->activation);
        break;
    case LAYER_SOFTMAX:
        op_softmax(op, &in, &out);
        break;
    case LAYER_POOL:
        op_pool(op, layer->pool_kind, &layer->pool, &in, &out);
        break;
    case LAYER_GLOBAL_POOL:
        op_global_pool(op, layer->pool_kind, &in, &out);
        break;
    case LAYER_NEAREST:
        op_enlarge_nearest(op, &in, &out, layer->factor);
        break;
    case LAYER_LINEAR:
        op_enlarge_linear(op, &in, &out, layer->coordinates);
        break;
    case LAYER_DEPTH_TO_SPACE:
        op_depth_to_space(op, &in, &out, layer->block, layer->crd);
        break;
    case LAYER_SPACE_TO_DEPTH:
        op_space_to_depth(op, &in, &out, layer->block);
        break;
    case LAYER_PICK:
        op_pick_channels(op, &in, &out, layer->order);
        break;
    default: /* LAYER_UNFLATTEN */
        op_from_planes(op, in.data, out.channels, out.height, out.width, &out, 1, 0);
        break;
    }
}

/* Operations of planes are made again for each run. */
static void bind_port(const struct fast_program *program, const struct fast_layer *layer, float *base,
                      float *planes, struct op *op)
{
    if (layer->kind == LAYER_INPUT) {
        struct map out = program_map(program, base, layer->output);
        op_from_planes(op, planes, layer->planes[0], layer->planes[1], layer->planes[2], &out, layer->block,
                       layer->shift);
    } else {
        struct map in = program_map(program, base, layer->inputs[0]);
        op_to_planes(op, &in, planes);
    }
}

static void bind_layer(struct binding *binding, int index)
{
    struct fast_program     *program = binding->program;
    const struct fast_layer *layer = &program->net.layers[index];

    switch (layer->kind) {
    case LAYER_INPUT:
    case LAYER_OUTPUT:
        program->port_ops[index] = program->op_count;
        bind_port(program, layer, binding->base, NULL, add_op(binding));
        break;
    case LAYER_CONV:
    case LAYER_TRANSPOSED:
        for (int c = 0; c < program->convs[index].count; c++)
            bind_conv(binding, layer, &program->convs[index].items[c]);
        break;
    case LAYER_KEEP: /* it is there already */
        break;
    case LAYER_CONCAT:
        bind_concat(binding, layer);
        break;
    case LAYER_SLICE:
        bind_slice(binding, layer);
        break;
    case LAYER_FLATTEN:
        bind_flatten(binding, layer);
        break;
    default:
        bind_simple(binding, layer);
        break;
    }
}

/* Whether layer `index` makes a value, or the whole that it is a part of where nobody makes it alone. */
static bool makes(const struct fast_program *program, int index, int value)
{
    const struct fast_net *net = &program->net;

    while (value != NO_VALUE && value != net->layers[index].output) {
        for (int i = 0; i < net->layer_count; i++)
            if (!net->layers[i].gone && net->layers[i].output == value)
                return false;
        value = net->values[value].parent;
    }
    return value != NO_VALUE;
}

static bool is_1x1(const struct fast_layer *layer)
{
    return layer->conv.kernel[0] == 1 && layer->conv.kernel[1] == 1 && layer->conv.pad[0] == 0 &&
           layer->conv.pad[1] == 0;
}

/* The parts of a map of bytes may each have another byte for zero, also one after the other in the same
 * place: each that is read with its halo gets that when it is made. */
static void clear_byte_halos(struct binding *binding, int index)
{
    const struct fast_program *program = binding->program;
    const struct fast_net     *net = &program->net;

    for (int i = index + 1; i < net->layer_count; i++) {
        const struct fast_layer *reader = &net->layers[i];
        if (reader->gone || reader->kind != LAYER_CONV || is_1x1(reader) ||
            !fast_is_bytes(net, reader->inputs[0]) || !makes(program, index, reader->inputs[0]))
            continue;
        struct map map = map_of(binding, reader->inputs[0]);
        op_clear_halo(add_op(binding), &map, program->memory[fast_root(net, reader->inputs[0], NULL)].halo);
    }
}

/* The memory had other contents before: what a convolution reads around the map is zeroed beside the first
 * layer that writes to it. */
static void clear_halo(struct binding *binding, int index)
{
    const struct fast_program *program = binding->program;
    int                        output = program->net.layers[index].output;

    if (output == NO_VALUE)
        return;
    if (fast_is_bytes(&program->net, output)) {
        clear_byte_halos(binding, index);
        return;
    }
    int                       root = fast_root(&program->net, output, NULL);
    const struct fast_memory *memory = &program->memory[root];
    if (memory->first != index || !(memory->halo[0] | memory->halo[1] | memory->halo[2] | memory->halo[3]))
        return;
    struct map map = map_of(binding, root);
    op_clear_halo(add_op(binding), &map, memory->halo);
}

/* ---- all ------------------------------------------------------------------------------------------- */

static bsr_status start_binding(struct fast_program *program, struct bsr_error *err)
{
    size_t layers = (size_t)program->net.layer_count + 1;

    program->op_count = program->step_count = 0;
    program->base = NULL;
    if (!program->steps)
        program->steps = mem_alloc_zeroed(layers + 1, sizeof *program->steps);
    if (!program->step_layer)
        program->step_layer = mem_alloc_zeroed(layers, sizeof *program->step_layer);
    if (!program->port_ops)
        program->port_ops = mem_alloc_zeroed(layers, sizeof *program->port_ops);
    if (!program->steps || !program->step_layer || !program->port_ops)
        return bsr_fail_memory(err, program->name, layers * sizeof *program->steps);
    return BSR_OK;
}

bsr_status program_bind(struct fast_program *program, float *base, int threads, struct bsr_error *err)
{
    struct binding binding = {.program = program, .base = base, .threads = threads};
    bsr_status     status = start_binding(program, err);

    if (status != BSR_OK)
        return status;
    for (int i = 0; i < program->net.layer_count; i++) {
        int before = program->op_count;
        program->port_ops[i] = -1;
        if (program->net.layers[i].gone)
            continue;
        clear_halo(&binding, i);
        bind_layer(&binding, i);
        if (program->op_count == before)
            continue;
        program->step_layer[program->step_count] = i;
        program->steps[program->step_count++] = before;
    }
    if (binding.failed)
        return bsr_fail_memory(err, program->name, (size_t)program->op_count * sizeof *program->ops);
    program->steps[program->step_count] = program->op_count;
    program->scratch = 0;
    for (int i = 0; i < program->op_count; i++)
        program->scratch =
            program->ops[i].scratch > program->scratch ? program->ops[i].scratch : program->scratch;
    program->base = base;
    program->threads = threads;
    return BSR_OK;
}

void program_bind_planes(struct fast_program *program, float *const *inputs, float *const *outputs)
{
    for (int s = 0; s < program->step_count; s++) {
        int                      i = program->step_layer[s];
        const struct fast_layer *layer = &program->net.layers[i];
        if (program->port_ops[i] < 0)
            continue;
        float *planes = layer->kind == LAYER_INPUT ? inputs[layer->port] : outputs[layer->port];
        bind_port(program, layer, program->base, planes, &program->ops[program->port_ops[i]]);
    }
}
