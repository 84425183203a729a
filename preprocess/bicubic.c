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

struct enlarging {
    const struct bicubic_kernels *kernels;
    const struct bicubic_plane   *plane;
    struct bicubic_taps           taps;
    float *scratch; /* [worker]: 4 filtered rows of `stride`, a padded row of `padded` */
    size_t stride, padded;
};

/* What a worker has at hand: filtered rows y % 4, and which y they are (-1: none). */
struct row_ring {
    float *row[BICUBIC_TAPS];
    int    held[BICUBIC_TAPS];
    float *padded;
};

static void pad_row(float *padded, const float *src, int width)
{
    for (int i = 0; i < EDGE; i++)
        padded[i] = src[0];
    memcpy(padded + EDGE, src, (size_t)width * sizeof *src);
    for (int i = 0; i < BICUBIC_TAPS - 1; i++)
        padded[EDGE + width + i] = src[width - 1];
}

static const float *ring_row(struct row_ring *ring, const struct enlarging *enlarging, int y)
{
    const struct bicubic_plane *plane = enlarging->plane;
    int                         slot = y % BICUBIC_TAPS;

    if (ring->held[slot] != y) {
        pad_row(ring->padded, plane->src + (size_t)y * plane->src_stride, plane->in_width);
        enlarging->kernels->filter_row(ring->row[slot], ring->padded, &enlarging->taps);
        ring->held[slot] = y;
    }
    return ring->row[slot];
}

static void enlarge_part(void *context, int worker, int first, int last)
{
    const struct enlarging     *enlarging = context;
    const struct bicubic_plane *plane = enlarging->plane;
    size_t                      size = BICUBIC_TAPS * enlarging->stride + enlarging->padded;
    float                      *scratch = enlarging->scratch + (size_t)worker * size;
    struct row_ring             ring = {.padded = scratch + BICUBIC_TAPS * enlarging->stride};

    for (int i = 0; i < BICUBIC_TAPS; i++) {
        ring.row[i] = scratch + (size_t)i * enlarging->stride;
        ring.held[i] = -1;
    }
    memset(ring.padded, 0, enlarging->padded * sizeof *ring.padded);

    for (int y = first; y < last; y++) {
        const float *row[BICUBIC_TAPS];
        float        weight[BICUBIC_TAPS];
        int          above = find_taps(weight, y, (float)plane->step_y, plane->in_height);
        for (int i = 0; i < BICUBIC_TAPS; i++) {
            int wanted = above + i;
            int inside = wanted < 0 ? 0 : wanted < plane->in_height ? wanted : plane->in_height - 1;
            row[i] = ring_row(&ring, enlarging, inside);
        }
        enlarging->kernels->blend_row(plane->dst + (size_t)y * plane->dst_stride, row, weight,
                                      plane->out_width);
    }
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

bsr_status bicubic_enlarge_by(const struct bicubic_kernels *kernels, const struct bicubic_plane *plane,
                              struct pool *pool, struct bsr_error *err)
{
    bsr_status status = check_plane(plane, err);
    if (status != BSR_OK)
        return status;

    /* One block: the indices, the weights, then the workers' rows. */
    size_t stride = round_up(plane->out_width, 0);
    size_t padded = round_up(plane->in_width, EDGE + BICUBIC_TAPS - 1 + BICUBIC_SLACK);
    size_t workers = (size_t)pool_threads(pool);
    size_t tables = (1 + BICUBIC_TAPS) * stride;
    size_t items = tables + workers * (BICUBIC_TAPS * stride + padded);
    float *block = mem_alloc_aligned(items, sizeof *block);
    if (!block)
        return bsr_fail_memory(err, NULL, items * sizeof *block);

    struct enlarging enlarging = {
        .kernels = kernels,
        .plane = plane,
        .taps = {.first = (int32_t *)(void *)block, .count = plane->out_width},
        .scratch = block + tables,
        .stride = stride,
        .padded = padded,
    };
    for (size_t i = 0; i < BICUBIC_TAPS; i++)
        enlarging.taps.weight[i] = block + (1 + i) * stride;
    fill_taps(&enlarging.taps, plane);
    pool_run(pool, plane->out_height, enlarge_part, &enlarging);
    mem_free(block);
    return BSR_OK;
}

bsr_status bicubic_enlarge(const struct bicubic_plane *plane, struct pool *pool, struct bsr_error *err)
{
    struct bicubic_kernels kernels;

    bicubic_kernels_init(&kernels, cpu_level());
    return bicubic_enlarge_by(&kernels, plane, pool, err);
}
