/* Convolutions whose products are of bf16 (8 bits of mantissa) and whose sums are of f32, by oneDNN: a band
 * of rows at a time, rounded from the map into scratch and finished from scratch, so that both stay in the
 * second cache. */
#include "base/alloc.h"
#include "engine/kernels/caches.h"
#include "engine/kernels/conv_method.h"
#include "engine/kernels/lines.h"
#include "engine/kernels/onednn.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { BAND_ROWS }; /* op.numbers */

enum { SIDE = 8, CACHE_LINE = 64 }; /* of the maps for which weights are packed */

/* What was made ready for bands of a size, in maps of a layout. */
struct band {
    struct band        *next;
    struct onednn_shape shape;
    struct onednn_conv *made;
    void *weights; /* its own, where it takes them otherwise than the others; NULL: the conv's */
};

struct conv_bands {
    pthread_mutex_t     lock;
    struct band        *first;
    struct onednn_conv *packed_for;
    atomic_bool         failed;
};

static struct onednn_shape shape_of(const struct conv_shape *shape, int rows, int width, ptrdiff_t pixel,
                                    ptrdiff_t row)
{
    struct onednn_shape band;

    memset(&band, 0, sizeof band); /* compared as bytes */
    band.inputs = shape->inputs;
    band.outputs = shape->outputs;
    for (int i = 0; i < 2; i++) {
        band.kernel[i] = shape->kernel[i];
        band.stride[i] = shape->stride[i];
        band.dilation[i] = shape->dilation[i];
    }
    band.rows = rows;
    band.width = width;
    band.pixel = pixel;
    band.row = row;
    return band;
}

/* For the form that weights are packed in; maps of real sizes mostly take the same. */
static struct onednn_shape usual_shape(const struct conv_shape *shape)
{
    const int width = (4 * SIDE - 1) * shape->stride[1] + (shape->kernel[1] - 1) * shape->dilation[1] + 1;
    return shape_of(shape, SIDE, 4 * SIDE, shape->inputs, (ptrdiff_t)width * shape->inputs);
}

static bool can(const struct conv_shape *shape)
{
    struct onednn_shape usual = usual_shape(shape);
    struct onednn_conv *made = NULL;

    if (shape->groups != 1 || shape->inputs % MAP_GRAIN || shape->outputs % MAP_GRAIN ||
        cpu_level() < CPU_AVX512 || !onednn_make(&made, &usual))
        return false;
    onednn_free(made);
    return true;
}

/* ---- packing ------------------------------------------------------------------------------------ */

static size_t weight_floats(const struct conv *conv)
{
    struct onednn_shape usual = usual_shape(&conv->shape);
    struct onednn_conv *made = NULL;
    size_t              bytes = onednn_make(&made, &usual) ? onednn_weight_bytes(made) : 0;

    onednn_free(made);
    return (bytes + sizeof(float) - 1) / sizeof(float);
}

static void drop(struct conv *conv)
{
    struct conv_bands *bands = conv->bands;

    if (!bands)
        return;
    while (bands->first) {
        struct band *band = bands->first;
        bands->first = band->next;
        onednn_free(band->made);
        mem_free(band->weights);
        mem_free(band);
    }
    onednn_free(bands->packed_for);
    pthread_mutex_destroy(&bands->lock);
    mem_free(bands);
    conv->bands = NULL;
}

static bool pack(struct conv *conv, const float *weights)
{
    struct onednn_shape usual = usual_shape(&conv->shape);
    struct conv_bands  *bands = mem_alloc_zeroed(1, sizeof *bands);

    if (!bands)
        return false;
    if (pthread_mutex_init(&bands->lock, NULL) != 0) {
        mem_free(bands);
        return false;
    }
    conv->bands = bands;
    return onednn_make(&bands->packed_for, &usual) && onednn_pack(bands->packed_for, weights, conv->weights);
}

/* ---- bands -------------------------------------------------------------------------------------- */

/* Weights as this band takes them. */
static bool fit_weights(struct band *band, const struct conv *conv)
{
    const struct onednn_conv *packed_for = conv->bands->packed_for;

    if (onednn_weights_match(band->made, packed_for))
        return true;
    band->weights = mem_alloc_aligned(onednn_weight_bytes(band->made), 1);
    return band->weights && onednn_repack(packed_for, conv->weights, band->made, band->weights);
}

static struct band *make_band(const struct conv *conv, const struct onednn_shape *shape)
{
    struct band *band = mem_alloc_zeroed(1, sizeof *band);

    if (!band)
        return NULL;
    band->shape = *shape;
    if (onednn_make(&band->made, shape) && fit_weights(band, conv))
        return band;
    onednn_free(band->made);
    mem_free(band->weights);
    mem_free(band);
    return NULL;
}

/* Made where it is not there yet; NULL when that fails. It stays as long as the weights. */
static const struct band *get_band(const struct conv *conv, const struct op *op, int rows)
{
    const struct onednn_shape shape = shape_of(&conv->shape, rows, op->out.width, op->in.pixel, op->in.row);
    struct conv_bands        *bands = conv->bands;

    pthread_mutex_lock(&bands->lock);
    struct band *band = bands->first;
    while (band && memcmp(&band->shape, &shape, sizeof shape) != 0)
        band = band->next;
    if (!band && (band = make_band(conv, &shape))) {
        band->next = bands->first;
        bands->first = band;
    }
    pthread_mutex_unlock(&bands->lock);
    return band;
}

/* ---- running ------------------------------------------------------------------------------------ */

/* Sums that begin with a map's values: the bias was zeros. */
static void add_start(const struct op *op, int y, float *sums)
{
    const int shift = op->finish.start_shift, outputs = op->out.channels;

    for (int x = 0; x < op->out.width; x++, sums += outputs) {
        const float *from = map_at(&op->finish.start, y >> shift, x >> shift);
        for (int i = 0; i < outputs; i++)
            sums[i] += from[i];
    }
}

/* A row of sums to the map: activation(sum) + residual, or activation(sum + residual). */
static void finish_row(const struct op *op, int y, float *sums)
{
    const struct finish *finish = &op->finish;
    const bool           has_residual = finish->residual.data, first = has_residual && finish->residual_first;
    struct line          line = {.kind = LINE_SAME,
                                 .in = {sums},
                                 .in_pixel = {op->out.channels},
                                 .out = map_at(&op->out, y, 0),
                                 .out_pixel = op->out.pixel,
                                 .pixels = op->out.width,
                                 .channels = op->out.channels,
                                 .activation = finish->activation};

    if (finish->start.data)
        add_start(op, y, sums);
    if (has_residual && !first) {
        line.out = sums;
        line.out_pixel = op->out.channels;
        op->lines->line(&line);
        line.out = map_at(&op->out, y, 0);
        line.out_pixel = op->out.pixel;
        line.activation = (struct activation){.kind = ACTIVATION_NONE};
    }
    if (has_residual) {
        line.kind = LINE_ADD;
        line.in[1] = map_at(&finish->residual, y, 0);
        line.in_pixel[1] = finish->residual.pixel;
    }
    op->lines->line(&line);
}

static bool run_band(const struct op *op, const struct band *band, int y, char *scratch)
{
    const struct conv       *conv = op->weights;
    const struct conv_shape *shape = &conv->shape;
    const size_t             own = onednn_scratch_bytes(band->made);
    const ptrdiff_t          row = (ptrdiff_t)op->out.width * op->out.channels;
    float                   *zeros = (float *)(void *)(scratch + own), *sums = zeros + conv->columns;
    const float             *bias = conv->bias;

    if (op->finish.start.data) {
        memset(zeros, 0, (size_t)conv->columns * sizeof *zeros);
        bias = zeros;
    }
    if (!onednn_run(band->made, map_at(&op->in, y * shape->stride[0] - shape->pad[0], -shape->pad[1]),
                    band->weights ? band->weights : conv->weights, bias, scratch, sums))
        return false;
    for (int i = 0; i < band->shape.rows; i++)
        finish_row(op, y + i, sums + i * row);
    return true;
}

static int rows_from(const struct op *op, int y)
{
    return op->out.height - y < op->numbers[BAND_ROWS] ? op->out.height - y : op->numbers[BAND_ROWS];
}

static void run(const struct op *op, int first, int last, void *scratch)
{
    const struct conv *conv = op->weights;

    for (int i = first; i < last; i++) {
        const int          y = i * op->numbers[BAND_ROWS];
        const struct band *band = get_band(conv, op, rows_from(op, y));
        if (!band || !run_band(op, band, y, scratch))
            atomic_store(&conv->bands->failed, true);
    }
}

bool conv_has_failed(const struct conv *conv)
{
    return conv->bands && atomic_load(&conv->bands->failed);
}

/* Rows of which inputs (bf16) and sums (f32) take a half of the second cache, and that give each thread some.
 */
static int band_rows(const struct op *op, const struct conv *conv, int threads)
{
    enum { BANDS_OF_A_THREAD = 4 };
    const double bytes = 2.0 * conv->shape.stride[0] * op->in.width * conv->inputs +
                         (double)sizeof(float) * op->out.width * op->out.channels;
    const double fit = (double)caches_of_machine().l2 / 2 / bytes;
    const int    share = (op->out.height + threads * BANDS_OF_A_THREAD - 1) / (threads * BANDS_OF_A_THREAD);

    return fit < 1 ? 1 : fit < share ? (int)fit : share;
}

static void bind(struct op *op, const struct conv *conv, int threads)
{
    const int rows = band_rows(op, conv, threads), rest = op->out.height % rows;
    size_t    own = 0;

    op->run = run;
    op->lines = line_kernels_at(cpu_level());
    op->numbers[BAND_ROWS] = rows;
    op->units = (op->out.height + rows - 1) / rows;
    for (int i = 0; i < 2; i++) {
        const int          of_this = i ? rest : rows;
        const struct band *band = of_this ? get_band(conv, op, of_this) : NULL;
        const size_t       bytes = band ? onednn_scratch_bytes(band->made) : 0;
        own = bytes > own ? bytes : own;
    }
    op->scratch = own +
                  sizeof(float) * ((size_t)conv->columns +
                                   (size_t)rows * (size_t)op->out.width * (size_t)op->out.channels) +
                  CACHE_LINE;
}

const struct conv_code conv_bf16_code = {
    .name = "conv bf16",
    .can = can,
    .reach = conv_reach,
    .weight_floats = weight_floats,
    .pack = pack,
    .drop = drop,
    .bind = bind,
};
