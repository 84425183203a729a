/* Where maps lie in memory. */
#include "base/alloc.h"
#include "engine/fast/program.h"

/* Floats that places are multiples of, and what may lie behind a map at the arena's end unread. */
enum { GRAIN_FLOATS = MEM_ALIGNMENT / sizeof(float), MOST_FLOATS = 1 << 30 };

/* The layers between which each root is used. */
static void find_lives(struct fast_program *program)
{
    const struct fast_net *net = &program->net;

    for (int v = 0; v < net->value_count; v++)
        program->memory[v].first = program->memory[v].last = -1;
    for (int i = 0; i < net->layer_count; i++) {
        const struct fast_layer *layer = &net->layers[i];
        if (layer->gone)
            continue;
        if (layer->output != NO_VALUE) {
            struct fast_memory *memory = &program->memory[fast_root(net, layer->output, NULL)];
            memory->first = memory->first < 0 ? i : memory->first;
            memory->last = i;
        }
        for (int r = 0; r < fast_read_count(layer); r++)
            if (fast_read_at(layer, r) != NO_VALUE)
                program->memory[fast_root(net, fast_read_at(layer, r), NULL)].last = i;
    }
}

/* What a convolution reads around its input. */
static void widen_halo(struct fast_memory *memory, const struct fast_conv *conv, const struct fast_value *in)
{
    int        halo[4];
    struct map seen = {
        .height = in->height - conv->skip[0], .width = in->width - conv->skip[1], .channels = in->channels};

    conv_halo(halo, conv->method, &conv->shape, &seen, conv->size[0], conv->size[1]);
    for (int k = 0; k < 4; k++)
        if (halo[k] > memory->halo[k])
            memory->halo[k] = halo[k];
}

static void find_halos(struct fast_program *program)
{
    const struct fast_net *net = &program->net;

    for (int i = 0; i < net->layer_count; i++)
        for (int c = 0; c < program->convs[i].count; c++) {
            int in = net->layers[i].inputs[0];
            widen_halo(&program->memory[fast_root(net, in, NULL)], &program->convs[i].items[c],
                       &net->values[in]);
        }
}

static bool measure(struct fast_memory *memory, const struct fast_value *value)
{
    const size_t each = steps_are_bytes(value->steps) ? sizeof(float) : 1; /* numbers in a float's room */
    double       rows = (double)value->height + memory->halo[0] + memory->halo[2];
    double       columns = (double)value->width + memory->halo[1] + memory->halo[3];

    memory->pixel = map_padded(value->channels);
    if (rows * columns * (double)memory->pixel > MOST_FLOATS)
        return false;
    memory->row = memory->pixel * (ptrdiff_t)columns;
    size_t floats = ((size_t)memory->row * (size_t)rows + each - 1) / each;
    memory->floats = (floats + GRAIN_FLOATS - 1) / GRAIN_FLOATS * GRAIN_FLOATS;
    return true;
}

bsr_status program_lay_out(struct fast_program *program, struct bsr_error *err)
{
    const struct fast_net *net = &program->net;

    program->memory = mem_alloc_zeroed((size_t)net->value_count + 1, sizeof *program->memory);
    if (!program->memory)
        return bsr_fail_memory(err, program->name, (size_t)net->value_count * sizeof *program->memory);
    find_lives(program);
    find_halos(program);
    for (int v = 0; v < net->value_count; v++)
        if (program->memory[v].first >= 0 && !measure(&program->memory[v], &net->values[v]))
            return bsr_fail(err, BSR_EMODEL, program->name, "a map of %dx%dx%d is too large",
                            net->values[v].channels, net->values[v].height, net->values[v].width);
    return arena_place(program->memory, net->value_count, &program->floats, err);
}

struct map program_map(const struct fast_program *program, float *base, int value)
{
    const struct fast_value  *size = &program->net.values[value];
    int                       offset = 0, root = fast_root(&program->net, value, &offset);
    const struct fast_memory *memory = &program->memory[root];

    const ptrdiff_t first = memory->halo[0] * memory->row + memory->halo[1] * memory->pixel + offset;
    struct map      map = {.height = size->height,
                           .width = size->width,
                           .channels = size->channels,
                           .pixel = memory->pixel,
                           .row = memory->row,
                           .steps = size->steps};

    if (steps_are_bytes(size->steps))
        map.bytes = (uint8_t *)(base + memory->at) + first;
    else
        map.data = base + memory->at + first;
    return map;
}
