#include "base/alloc.h"
#include "preprocess/bicubic_kernels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Copies of the edge before a padded row: the first neighbour may be two before the first value. */
enum { EDGE = 2 };

int bicubic_output_side(int side, double factor)
{
    double out = floor(side * factor);

    return out >= 1 && out <= BICUBIC_MAX_SIDE ? (int)out : 0;
}

/* Keys 1981, equation (4), with a = -0.75 as in PyTorch (aten/native/UpSample.h): the weight of a value at
 * distance 0..1 and at distance 1..2. */
static const float keys_a = -0.75F;

static float weight_near(float distance)
{
    return ((keys_a + 2.0F) * distance - (keys_a + 3.0F)) * distance * distance + 1.0F;
}

static float weight_far(float distance)
{
    return ((keys_a * distance - 5.0F * keys_a) * distance + 8.0F * keys_a) * distance - 4.0F * keys_a;
}

/* The four neighbours of output value `at` in a line of `side`: they begin at the returned index, which is
 * at least -2 and at most side - 1; those outside are copies of the edge. */
static int find_taps(float weight[BICUBIC_TAPS], int at, float step, int side)
{
    double source = (double)step * (at + 0.5) - 0.5;
    double below = floor(source);
    float  part = (float)(source - below);

    weight[0] = weight_far(part + 1.0F);
    weight[1] = weight_near(part);
    weight[2] = weight_near(1.0F - part);
    weight[3] = weight_far(1.0F - part + 1.0F);
    return (below < side ? (int)below : side) - 1;
}

/* What a worker has at hand of a plane: filtered rows y % 4, and which y they are (-1: none). */
struct row_ring {
    float *row[BICUBIC_TAPS];
    int    held[BICUBIC_TAPS];
};

struct bicubic {
    struct bicubic_kernels kernels;
    struct bicubic_plane   shape; /* of all planes */
    const float           *src[BICUBIC_MAX_PLANES];
    struct bicubic_taps    taps;
    float                 *block; /* the tables, and what the workers have */
    struct row_ring       *rings; /* [worker][plane] */
    float                 *padded;
    size_t                 padded_size; /* of a worker's row, in floats */
    int                    planes;
};

static void pad_row(float *padded, const float *src, int width)
{
    for (int i = 0; i < EDGE; i++)
        padded[i] = src[0];
    memcpy(padded + EDGE, src, (size_t)width * sizeof *src);
    for (int i = 0; i < BICUBIC_TAPS - 1; i++)
        padded[EDGE + width + i] = src[width - 1];
}

static const float *ring_row(struct bicubic *bicubic, int worker, int plane, int y)
{
    const struct bicubic_plane *shape = &bicubic->shape;
    struct row_ring            *ring = &bicubic->rings[worker * bicubic->planes + plane];
    int                         slot = y % BICUBIC_TAPS;

    if (ring->held[slot] != y) {
        float *padded = bicubic->padded + (size_t)worker * bicubic->padded_size;
        pad_row(padded, bicubic->src[plane] + (size_t)y * shape->src_stride, shape->in_width);
        bicubic->kernels.filter_row(ring->row[slot], padded, &bicubic->taps);
        ring->held[slot] = y;
    }
    return ring->row[slot];
}

void bicubic_row(struct bicubic *bicubic, int worker, int plane, int y, float *dst)
{
    const struct bicubic_plane *shape = &bicubic->shape;
    const float                *row[BICUBIC_TAPS];
    float                       weight[BICUBIC_TAPS];
    int                         above = find_taps(weight, y, (float)shape->step_y, shape->in_height);

    for (int i = 0; i < BICUBIC_TAPS; i++) {
        int wanted = above + i;
        int inside = wanted < 0 ? 0 : wanted < shape->in_height ? wanted : shape->in_height - 1;
        row[i] = ring_row(bicubic, worker, plane, inside);
    }
    bicubic->kernels.blend_row(dst, row, weight, shape->out_width);
}

static void fill_taps(struct bicubic_taps *taps, const struct bicubic_plane *plane)
{
    for (int x = 0; x < taps->count; x++) {
        float weight[BICUBIC_TAPS];
        taps->first[x] = find_taps(weight, x, (float)plane->step_x, plane->in_width) + EDGE;
        for (int i = 0; i < BICUBIC_TAPS; i++)
            taps->weight[i][x] = weight[i];
    }
}

static bool step_is_valid(double step)
{
    return (float)step > 0 && isfinite((float)step);
}

static bool side_is_valid(int side)
{
    return side >= 1 && side <= BICUBIC_MAX_SIDE;
}

static bsr_status check_plane(const struct bicubic_plane *plane, struct bsr_error *err)
{
    if (!side_is_valid(plane->in_width) || !side_is_valid(plane->in_height) ||
        !side_is_valid(plane->out_width) || !side_is_valid(plane->out_height))
        return bsr_fail(err, BSR_ERANGE, NULL, "can't enlarge %d x %d pixels to %d x %d (each side 1 to %d)",
                        plane->in_width, plane->in_height, plane->out_width, plane->out_height,
                        BICUBIC_MAX_SIDE);
    if (!step_is_valid(plane->step_x) || !step_is_valid(plane->step_y))
        return bsr_fail(err, BSR_ERANGE, NULL, "can't enlarge by steps of %g x %g pixels", plane->step_x,
                        plane->step_y);
    return BSR_OK;
}

static size_t round_up(int count, int more)
{
    return ((size_t)count + (size_t)more + 15) / 16 * 16; /* whole cache lines of floats */
}

/* One block: the indices, the weights, the workers' padded rows, their rings' rows. */
static bsr_status alloc_rows(struct bicubic *bicubic, int workers, struct bsr_error *err)
{
    const struct bicubic_plane *shape = &bicubic->shape;
    size_t                      stride = round_up(shape->out_width, 0), count = (size_t)workers;
    size_t                      padded = round_up(shape->in_width, EDGE + BICUBIC_TAPS - 1 + BICUBIC_SLACK);
    size_t                      tables = (1 + BICUBIC_TAPS) * stride, rings = count * (size_t)bicubic->planes;
    size_t                      items = tables + count * padded + rings * BICUBIC_TAPS * stride;

    bicubic->block = mem_alloc_aligned(items, sizeof *bicubic->block);
    bicubic->rings = mem_alloc_zeroed(rings, sizeof *bicubic->rings);
    if (!bicubic->block || !bicubic->rings)
        return bsr_fail_memory(err, NULL, items * sizeof *bicubic->block);
    bicubic->taps.first = (int32_t *)(void *)bicubic->block;
    bicubic->taps.count = shape->out_width;
    for (size_t i = 0; i < BICUBIC_TAPS; i++)
        bicubic->taps.weight[i] = bicubic->block + (1 + i) * stride;
    bicubic->padded = bicubic->block + tables;
    bicubic->padded_size = padded;
    memset(bicubic->padded, 0, count * padded * sizeof *bicubic->padded);
    for (size_t r = 0; r < rings; r++)
        for (size_t i = 0; i < BICUBIC_TAPS; i++) {
            bicubic->rings[r].row[i] = bicubic->padded + count * padded + (r * BICUBIC_TAPS + i) * stride;
            bicubic->rings[r].held[i] = -1;
        }
    return BSR_OK;
}

static bsr_status open_by(struct bicubic **out, const struct bicubic_kernels *kernels,
                          const struct bicubic_plane *shape, const float *const *src, int planes, int workers,
                          struct bsr_error *err)
{
    bsr_status status = check_plane(shape, err);
    if (status != BSR_OK)
        return status;

    struct bicubic *bicubic = mem_alloc_zeroed(1, sizeof *bicubic);
    if (!bicubic)
        return bsr_fail_memory(err, NULL, sizeof *bicubic);
    bicubic->kernels = *kernels;
    bicubic->shape = *shape;
    bicubic->planes = planes;
    for (int i = 0; i < planes; i++)
        bicubic->src[i] = src[i];
    status = alloc_rows(bicubic, workers, err);
    if (status != BSR_OK) {
        bicubic_close(bicubic);
        return status;
    }
    fill_taps(&bicubic->taps, shape);
    *out = bicubic;
    return BSR_OK;
}

bsr_status bicubic_open(struct bicubic **out, const struct bicubic_plane *shape, const float *const *src,
                        int planes, int workers, struct bsr_error *err)
{
    struct bicubic_kernels kernels;

    bicubic_kernels_init(&kernels, cpu_level());
    return open_by(out, &kernels, shape, src, planes, workers, err);
}

void bicubic_close(struct bicubic *bicubic)
{
    if (!bicubic)
        return;
    mem_free(bicubic->block);
    mem_free(bicubic->rings);
    mem_free(bicubic);
}

/* ---- whole planes ------------------------------------------------------------------------- */

static void enlarge_rows(void *context, int worker, int first, int last)
{
    struct bicubic *bicubic = context;
    for (int y = first; y < last; y++)
        bicubic_row(bicubic, worker, 0, y, bicubic->shape.dst + (size_t)y * bicubic->shape.dst_stride);
}

bsr_status bicubic_enlarge_by(const struct bicubic_kernels *kernels, const struct bicubic_plane *plane,
                              struct pool *pool, struct bsr_error *err)
{
    struct bicubic *bicubic = NULL;
    bsr_status      status = open_by(&bicubic, kernels, plane, &plane->src, 1, pool_threads(pool), err);

    if (status == BSR_OK)
        pool_run(pool, plane->out_height, enlarge_rows, bicubic);
    bicubic_close(bicubic);
    return status;
}

bsr_status bicubic_enlarge(const struct bicubic_plane *plane, struct pool *pool, struct bsr_error *err)
{
    struct bicubic_kernels kernels;

    bicubic_kernels_init(&kernels, cpu_level());
    return bicubic_enlarge_by(&kernels, plane, pool, err);
}
