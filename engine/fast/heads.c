/* Outputs that are kept as they lie, and the rest of those of which a part was computed. */
#include "base/alloc.h"
#include "engine/fast/program.h"
#include "engine/fast/runner.h"

#include <string.h>

/* What kernels may read and write without harm behind a map: a vector. */
enum { SLACK = MEM_ALIGNMENT / sizeof(float) };

/* The layer that keeps an output, or -1. */
static int find_keep(const struct fast_program *program, int output)
{
    for (int i = 0; i < program->net.layer_count; i++) {
        const struct fast_layer *layer = &program->net.layers[i];
        if (!layer->gone && layer->kind == LAYER_KEEP && layer->port == output)
            return i;
    }
    return -1;
}

bool fast_head(const struct fast_program *program, int output, struct engine_head *out)
{
    int index = find_keep(program, output);
    if (index < 0 || !program->base)
        return false;

    const struct fast_layer *layer = &program->net.layers[index];
    struct map               map = program_map(program, program->base, layer->inputs[layer->input_count - 1]);
    *out = (struct engine_head){.data = layer->wish.form == ENGINE_NONE ? NULL : map.data,
                                .pixel = map.pixel,
                                .row = map.row,
                                .height = map.height,
                                .width = map.width,
                                .part = layer->wish.form != ENGINE_MAP};
    return true;
}

static bsr_status get_room(float **floats, size_t *have, size_t count, size_t each, struct bsr_error *err)
{
    size_t need = mem_product(count, each);

    if (need < *have)
        return BSR_OK;
    mem_free(*floats);
    *have = 0;
    *floats =
        need < SIZE_MAX / sizeof **floats - SLACK ? mem_alloc_aligned(need + SLACK, sizeof **floats) : NULL;
    if (!*floats)
        return bsr_fail_memory(err, NULL, need);
    *have = need + 1; /* the slack is not for use */
    return BSR_OK;
}

/* Of numbers of the same kind. */
static bsr_status gather(float *to, const struct map *from, const uint32_t *pixels, size_t count,
                         struct bsr_error *err)
{
    const uint32_t width = (uint32_t)from->width;
    const size_t   step = (size_t)map_padded(from->channels);

    for (size_t i = 0; i < count; i++) {
        const int y = (int)(pixels[i] / width), x = (int)(pixels[i] % width);
        if (y >= from->height)
            return bsr_fail(err, BSR_ERANGE, NULL, "pixel %u of a head of %dx%d", pixels[i], from->width,
                            from->height);
        if (steps_are_bytes(from->steps))
            memcpy((uint8_t *)to + i * step, map_bytes_at(from, y, x), (size_t)from->channels);
        else
            memcpy(to + i * step, map_at(from, y, x), (size_t)from->channels * sizeof *to);
    }
    return BSR_OK;
}

/* The convolution on the pixels as on a row of a map. */
static void compute(const struct fast_runner *runner, const struct conv *conv, const struct conv_shape *shape,
                    struct steps steps, int count)
{
    struct map in = {.data = runner->pixels,
                     .height = 1,
                     .width = count,
                     .channels = shape->inputs,
                     .pixel = map_padded(shape->inputs),
                     .steps = steps};
    struct map out = {.data = runner->rows,
                      .height = 1,
                      .width = count,
                      .channels = shape->outputs,
                      .pixel = map_padded(shape->outputs)};
    struct op  op;

    in.row = in.pixel * count;
    out.row = out.pixel * count;
    conv_op(&op, conv, &in, &out, NULL, 1);
    op.run(&op, 0, op.units, runner->scratch);
}

bsr_status fast_head_rows(const struct fast_program *program, struct fast_runner *runner, int output,
                          int group, const uint32_t *pixels, size_t count, const float **rows, size_t *step,
                          struct bsr_error *err)
{
    int index = find_keep(program, output);
    if (index < 0 || !program->base || group < 0 || group >= program->convs[index].count || count > INT32_MAX)
        return bsr_fail(err, BSR_ERANGE, program->name, "output %d has no group %d to be asked for", output,
                        group);

    const struct fast_layer *layer = &program->net.layers[index];
    const struct fast_conv  *conv = &program->convs[index].items[group];
    struct map               map = program_map(program, program->base, layer->inputs[0]);
    size_t                   in = (size_t)map_padded(conv->shape.inputs);
    size_t                   out = (size_t)map_padded(conv->shape.outputs);
    bsr_status               status = get_room(&runner->pixels, &runner->pixel_floats, count, in, err);

    if (status == BSR_OK)
        status = get_room(&runner->rows, &runner->row_floats, count, out, err);
    if (status == BSR_OK)
        status = gather(runner->pixels, &map, pixels, count, err);
    if (status != BSR_OK)
        return status;
    if (count)
        compute(runner, store_conv(conv->packed), &conv->shape, map.steps, (int)count);
    *rows = runner->rows;
    *step = out;
    return BSR_OK;
}
