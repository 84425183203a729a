#include "base/alloc.h"
#include "preprocess/letterbox_kernels.h"

#include <math.h>
#include <string.h>

/* Where a scaled pixel's centre falls in the image: between pixel `index` and the next, `part` of the way. In
 * float from double, as OpenCV computes it: the last bit decides the weights. */
struct position {
    int   index;
    float part;
};

/* A side of the picture: how it is scaled, and how the image shows it. */
struct side {
    int picture, fit;  /* pixels */
    int before, times; /* see struct image_reduction; 0 and 1 change no bit */
};

static struct position source_position(const struct side *side, int at)
{
    double scale = 1.0 / ((double)side->fit / side->picture);
    float  source = (float)(((at + 0.5) * scale + side->before) / side->times - 0.5);
    float  below = floorf(source);

    return (struct position){(int)below, source - below};
}

static int16_t fixed_weight(float weight)
{
    return (int16_t)lrintf(weight * LETTERBOX_WEIGHT_ONE); /* half to even, as OpenCV's saturate_cast does */
}

struct packing {
    const struct letterbox_kernels *kernels;
    float                          *dst;
    const struct bsr_image         *src;
    const struct letterbox_plan    *plan;
    const struct pack_params       *pack;
    struct letterbox_taps           taps;
    int16_t                        *rows;   /* [worker][2][3][stride], filtered */
    size_t                          stride; /* of a filtered row's channel */
};

/* The two filtered rows that a worker has at hand: enlarged pictures use them again. */
struct row_pair {
    int16_t *row[2];
    int      held[2]; /* which row of the picture it is; -1 none */
};

static void filter_row(const struct packing *packing, int16_t *dst, int y)
{
    const struct letterbox_taps *taps = &packing->taps;
    const uint8_t               *src = image_row(packing->src, y);
    int                          wide = y < packing->src->height - 1 ? taps->count : taps->inside;
    uint8_t                      twice[8] = {0};

    if (packing->src->width == 1) { /* each pixel has a right neighbour: itself */
        memcpy(twice, src, 3);
        memcpy(twice + 3, src, 3);
        src = twice;
        wide = taps->count;
    }
    packing->kernels->filter_row(dst, packing->stride, src, taps, wide);
}

/* Row y of the picture, filtered; the row `other` stays at hand. */
static const int16_t *pair_row(struct row_pair *pair, const struct packing *packing, int y, int other)
{
    for (int i = 0; i < 2; i++)
        if (pair->held[i] == y)
            return pair->row[i];

    int slot = pair->held[0] == other ? 1 : 0;
    filter_row(packing, pair->row[slot], y);
    pair->held[slot] = y;
    return pair->row[slot];
}

static void fill(float *dst, int count, float value)
{
    for (int i = 0; i < count; i++)
        dst[i] = value;
}

/* The plane of the input that channel c of the picture (0 is blue) goes to. */
static int plane_of(const struct packing *packing, int c)
{
    return packing->pack->to_rgb ? 2 - c : c;
}

static float *input_row(const struct packing *packing, int plane, int y)
{
    const struct letterbox_plan *plan = packing->plan;
    return packing->dst + ((size_t)plane * (size_t)plan->in_height + (size_t)y) * (size_t)plan->in_width;
}

static float pad_value(const struct packing *packing, int plane)
{
    return (float)packing->pack->pad * packing->pack->scale[plane] + packing->pack->shift[plane];
}

/* Row y of the scaled picture, with the padding at its sides. */
static void pack_row(const struct packing *packing, struct row_pair *pair, int y)
{
    const struct letterbox_plan *plan = packing->plan;
    const struct side            side = {plan->height, plan->fit_height, plan->from.top, plan->from.times};
    struct position              at = source_position(&side, y);
    int                          last = packing->src->height - 1;
    int                          upper = at.index < 0 ? 0 : at.index < last ? at.index : last;
    int                          lower = at.index < last ? at.index + 1 : last;
    const int16_t               *upper_row = pair_row(pair, packing, upper, lower);
    const int16_t               *lower_row = pair_row(pair, packing, lower, upper);
    struct letterbox_row         row = {
                .upper = upper_row,
                .lower = lower_row,
                .stride = packing->stride,
                .count = plan->fit_width,
                .upper_weight = fixed_weight(1.0F - at.part),
                .lower_weight = fixed_weight(at.part),
    };

    for (int c = 0; c < 3; c++) {
        int    plane = plane_of(packing, c);
        float *dst = input_row(packing, plane, plan->top + y);
        float  pad = pad_value(packing, plane);
        fill(dst, plan->left, pad);
        fill(dst + plan->left + plan->fit_width, plan->in_width - plan->left - plan->fit_width, pad);
        row.plane[c] = dst + plan->left;
        row.scale[c] = packing->pack->scale[plane];
        row.shift[c] = packing->pack->shift[plane];
    }
    packing->kernels->blend_row(&row);
}

/* Row `pad_row` of those above and below the picture, counted together. */
static void pack_pad_row(const struct packing *packing, int pad_row)
{
    const struct letterbox_plan *plan = packing->plan;
    int                          y = pad_row < plan->top ? pad_row : pad_row + plan->fit_height;

    for (int plane = 0; plane < 3; plane++)
        fill(input_row(packing, plane, y), plan->in_width, pad_value(packing, plane));
}

static void pack_part(void *context, int worker, int first, int last)
{
    const struct packing *packing = context;
    int                   fit = packing->plan->fit_height;
    long long             pads = packing->plan->in_height - fit;
    int16_t              *rows = packing->rows + (size_t)worker * 6 * packing->stride;
    struct row_pair       pair = {{rows, rows + 3 * packing->stride}, {-1, -1}};

    for (int y = first; y < last; y++)
        pack_row(packing, &pair, y);
    for (int y = (int)(pads * first / fit); y < (int)(pads * last / fit); y++)
        pack_pad_row(packing, y);
}

/* `width` is that of the image. */
static void fill_taps(struct letterbox_taps *taps, const struct letterbox_plan *plan, int width)
{
    const struct side side = {plan->width, plan->fit_width, plan->from.left, plan->from.times};
    for (int x = 0; x < taps->count; x++) {
        struct position at = source_position(&side, x);
        int             pixel = at.index;
        float           part = at.part;
        if (pixel < 0) {
            pixel = 0;
            part = 0;
        }
        if (pixel >= width - 1) { /* the last pixel alone, as the right neighbour of the one before */
            pixel = width > 1 ? width - 2 : 0;
            part = 1;
        }
        taps->offset[x] = pixel * 3;
        taps->weight[x][0] = fixed_weight(1.0F - part);
        taps->weight[x][1] = fixed_weight(part);
        if (pixel * 3 + 8 <= width * 3)
            taps->inside = x + 1;
    }
}

static bsr_status check_sizes(const struct bsr_image *src, const struct letterbox_plan *plan,
                              struct bsr_error *err)
{
    const struct image_reduction *from = &plan->from;
    int                           times = from->times < 1 ? 1 : from->times;
    int                           width = image_reduced_side(plan->width, from->left, times);
    int                           height = image_reduced_side(plan->height, from->top, times);

    if (src->channels != 3 || src->depth != 8)
        return bsr_fail(err, BSR_ERANGE, NULL, "a picture of %d channels of %d bits where 3 of 8 are needed",
                        src->channels, src->depth);
    if (from->times < 1 || from->width != plan->width || from->height != plan->height)
        return bsr_fail(err, BSR_ERANGE, NULL, "a reduction of %d x %d pixels where %d x %d were planned",
                        from->width, from->height, plan->width, plan->height);
    if (src->width != width || src->height != height)
        return bsr_fail(err, BSR_ERANGE, NULL, "a picture of %d x %d pixels where %d x %d were planned",
                        src->width, src->height, width, height);
    return BSR_OK;
}

bsr_status letterbox_pack_by(const struct letterbox_kernels *kernels, float *dst, const struct bsr_image *src,
                             const struct letterbox_plan *plan, const struct pack_params *pack,
                             struct pool *pool, struct bsr_error *err)
{
    bsr_status status = check_sizes(src, plan, err);
    if (status != BSR_OK)
        return status;

    /* One block: offsets, weights, then the workers' rows; every part a multiple of 64 bytes. */
    size_t stride = ((size_t)plan->fit_width + 31) / 32 * 32;
    size_t workers = (size_t)pool_threads(pool);
    size_t bytes = stride * (sizeof(int32_t) + 2 * sizeof(int16_t)) + workers * 6 * stride * sizeof(int16_t);
    int32_t *block = mem_alloc_aligned(bytes, 1);
    if (!block)
        return bsr_fail_memory(err, NULL, bytes);

    int16_t       *weights = (int16_t *)(block + stride);
    struct packing packing = {
        .kernels = kernels,
        .dst = dst,
        .src = src,
        .plan = plan,
        .pack = pack,
        .taps = {.offset = block, .weight = (int16_t(*)[2])weights, .count = plan->fit_width},
        .rows = weights + 2 * stride,
        .stride = stride,
    };
    fill_taps(&packing.taps, plan, src->width);
    pool_run(pool, plan->fit_height, pack_part, &packing);
    mem_free(block);
    return BSR_OK;
}

bsr_status letterbox_pack(float *dst, const struct bsr_image *src, const struct letterbox_plan *plan,
                          const struct pack_params *pack, struct pool *pool, struct bsr_error *err)
{
    struct letterbox_kernels kernels;

    letterbox_kernels_init(&kernels, cpu_level());
    return letterbox_pack_by(&kernels, dst, src, plan, pack, pool, err);
}
