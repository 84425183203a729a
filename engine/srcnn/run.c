#include "base/alloc.h"
#include "engine/srcnn/packed.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A picture is gone through in bands of two tiles; each step of a band is shared out among the workers. The
 * maps of the middle layer are kept for a band and the four rows that the next one's third layer sees of it.
 * The third layer's fours of rows begin two rows before a band: it knows two rows less than the second. */
enum {
    BAND_TILES = 2,
    BAND = BAND_TILES * SRCNN_TILE,
    ABOVE = 4,          /* rows that the first layer sees above and below a row */
    IN_ROWS = 2 * BAND, /* of the ring; 20 are needed */
    MIDDLE_ROWS = BAND + SRCNN_QUAD,
    FOURS = BAND / SRCNN_QUAD,
    LEAD = 2
};
_Static_assert(SRCNN_DELAY == BAND + ABOVE + LEAD, "rows taken of a band, and given");

struct run {
    const struct srcnn *srcnn;
    int                 width, height;
    int                 columns;                     /* of a strip: whole blocks */
    int                 in_columns;                  /* with the edges */
    int                 pieces;                      /* that the third layer's rows are cut into */
    size_t              in_row, middle_row, out_row; /* floats: of a channel, of all maps, of a channel */
    size_t              plane;                       /* floats of a row of pixels with its edges */
    float              *in, *middle, *out;
    float              *scratch; /* [worker] of scratch_size, then its rows of pixels */
    size_t              scratch_size, worker_size;
    srcnn_source       *source;
    srcnn_sink         *sink;
    void               *context;
    int                 band;
    int                 first_row; /* of the input that the band's first step is to get */
};

static size_t round_up(size_t count)
{
    return (count + 15) / 16 * 16;
}

/* ---- memory ------------------------------------------------------------------------------------- */

static void measure(struct run *run, const struct srcnn *srcnn, int width, int height, int threads)
{
    const struct srcnn_kernels *kernels = srcnn->kernels;
    int                         lanes = kernels->lanes;
    size_t                      channels = (size_t)srcnn->packed.channels;

    run->srcnn = srcnn;
    run->width = width;
    run->height = height;
    run->columns = ((width + lanes - 1) / lanes + SRCNN_BLOCK - 1) / SRCNN_BLOCK * SRCNN_BLOCK;
    run->in_columns = run->columns + 2 * SRCNN_EDGE;
    run->in_row = (size_t)run->in_columns * (size_t)lanes;
    run->middle_row =
        (size_t)(run->columns + 2 * SRCNN_REACH) * (size_t)srcnn->packed.middle * (size_t)lanes + SRCNN_SKEW;
    run->out_row = (size_t)run->columns * (size_t)lanes;
    run->plane = round_up((size_t)run->columns * (size_t)lanes + 4 * SRCNN_EDGE);
    run->scratch_size = round_up(kernels->scratch(&srcnn->packed));
    run->worker_size = run->scratch_size + channels * run->plane;
    run->pieces = threads < run->columns / SRCNN_QUAD ? threads : run->columns / SRCNN_QUAD;
}

static size_t floats_of(const struct run *run, int threads)
{
    size_t channels = (size_t)run->srcnn->packed.channels;
    return IN_ROWS * channels * run->in_row + MIDDLE_ROWS * run->middle_row + BAND * channels * run->out_row +
           (size_t)threads * run->worker_size;
}

size_t srcnn_bytes(const struct srcnn *srcnn, int width, int threads)
{
    struct run run = {.band = 0};
    measure(&run, srcnn, width, 1, threads);
    return floats_of(&run, threads) * sizeof(float);
}

static float *in_at(const struct run *run, int y, int channel)
{
    size_t row = (size_t)((y + IN_ROWS) % IN_ROWS);
    return run->in + (row * (size_t)run->srcnn->packed.channels + (size_t)channel) * run->in_row;
}

static float *middle_at(const struct run *run, int y)
{
    return run->middle + (size_t)((y + MIDDLE_ROWS) % MIDDLE_ROWS) * run->middle_row;
}

/* `row` counts from the band's first output row. */
static float *out_at(const struct run *run, int row, int channel)
{
    return run->out + ((size_t)row * (size_t)run->srcnn->packed.channels + (size_t)channel) * run->out_row;
}

/* A worker's row of pixels, with zeros before and behind. */
static float *plane_of(const struct run *run, int worker, int channel)
{
    return run->scratch + (size_t)worker * run->worker_size + run->scratch_size +
           (size_t)channel * run->plane;
}

/* ---- the steps of a band -------------------------------------------------------------------------- */

static void take_rows(void *context, int worker, int first, int last)
{
    struct run *run = context;
    int         channels = run->srcnn->packed.channels;
    float      *rows[3];

    for (int y = run->first_row + first; y < run->first_row + last; y++) {
        if (y < 0 || y >= run->height) {
            for (int c = 0; c < channels; c++)
                memset(in_at(run, y, c), 0, run->in_row * sizeof(float));
            continue;
        }
        for (int c = 0; c < channels; c++)
            rows[c] = plane_of(run, worker, c) + SRCNN_EDGE;
        run->source(run->context, worker, y, rows);
        for (int c = 0; c < channels; c++) {
            float *plane = plane_of(run, worker, c);
            memset(plane, 0, SRCNN_EDGE * sizeof(float));
            memset(plane + SRCNN_EDGE + run->width, 0,
                   (run->plane - SRCNN_EDGE - (size_t)run->width) * sizeof(float));
            run->srcnn->kernels->to_strips(in_at(run, y, c), plane, run->in_columns, run->columns);
        }
    }
}

static void run_tiles(void *context, int worker, int first, int last)
{
    struct run                *run = context;
    const struct srcnn_packed *packed = &run->srcnn->packed;
    int                        lanes = run->srcnn->kernels->lanes;

    for (int i = first; i < last; i++) {
        struct srcnn_block block = {.in = {{NULL}}};
        int                y = run->band * BAND + i % BAND_TILES * SRCNN_TILE;
        int                x = i / BAND_TILES * SRCNN_BLOCK;
        for (int c = 0; c < packed->channels; c++)
            for (int k = 0; k < SRCNN_WINDOW; k++)
                block.in[c][k] = in_at(run, y - ABOVE + k, c) + (ptrdiff_t)x * lanes;
        for (int k = 0; k < SRCNN_TILE; k++)
            block.out[k] = y + k < run->height
                               ? middle_at(run, y + k) + (ptrdiff_t)(x + SRCNN_REACH) * packed->middle * lanes
                               : NULL;
        run->srcnn->kernels->tiles(packed, &block, run->scratch + (size_t)worker * run->worker_size);
    }
}

/* Zeroes what of the middle's row is beyond the picture. */
static void clear_beyond(const struct run *run, float *row)
{
    int lanes = run->srcnn->kernels->lanes, middle = run->srcnn->packed.middle;

    for (int l = run->width / run->columns; l < lanes; l++) {
        int inside = run->width - l * run->columns;
        for (int x = inside > 0 ? inside : 0; x < run->columns; x++)
            for (int c = 0; c < middle; c++)
                row[((ptrdiff_t)(x + SRCNN_REACH) * middle + c) * lanes + l] = 0;
    }
}

/* The columns beyond a strip's ends are the next strip's. */
static void join_strips(const struct run *run, float *row)
{
    ptrdiff_t lanes = run->srcnn->kernels->lanes, column = run->srcnn->packed.middle * lanes;
    size_t    others = (size_t)(lanes - 1) * sizeof(float);

    for (ptrdiff_t i = 0; i < SRCNN_REACH * column; i += lanes) {
        float *before = row + i, *last = row + run->columns * column + i;
        float *behind = last + SRCNN_REACH * column, *start = row + SRCNN_REACH * column + i;
        memcpy(before + 1, last, others);
        before[0] = 0;
        memcpy(behind, start + 1, others);
        behind[lanes - 1] = 0;
    }
}

static void finish_middle(void *context, int worker, int first, int last)
{
    struct run *run = context;

    (void)worker;
    for (int y = run->band * BAND + first; y < run->band * BAND + last; y++) {
        float *row = middle_at(run, y);
        if (y >= run->height) {
            memset(row, 0, run->middle_row * sizeof(float));
            continue;
        }
        clear_beyond(run, row);
        join_strips(run, row);
    }
}

static void run_third(void *context, int worker, int first, int last)
{
    struct run *run = context;
    int         quads = run->columns / SRCNN_QUAD;

    for (int i = first; i < last; i++) {
        int          four = i % FOURS, piece = i / FOURS, y = run->band * BAND - LEAD + four * SRCNN_QUAD;
        const float *in[SRCNN_POINTS];
        float       *out[SRCNN_QUAD][3] = {{NULL}};

        if (y + SRCNN_QUAD <= 0 || y >= run->height)
            continue;
        for (int k = 0; k < SRCNN_POINTS; k++)
            in[k] = middle_at(run, y - SRCNN_REACH + k);
        for (int k = 0; k < SRCNN_QUAD; k++)
            for (int c = 0; c < run->srcnn->packed.channels; c++)
                out[k][c] = out_at(run, four * SRCNN_QUAD + k, c);
        run->srcnn->kernels->third(&run->srcnn->packed, in, out, quads * piece / run->pieces * SRCNN_QUAD,
                                   quads * (piece + 1) / run->pieces * SRCNN_QUAD,
                                   run->scratch + (size_t)worker * run->worker_size);
    }
}

static void give_rows(void *context, int worker, int first, int last)
{
    struct run  *run = context;
    const float *rows[3];

    for (int i = first; i < last; i++) {
        int y = run->band * BAND - LEAD + i;
        if (y < 0 || y >= run->height)
            continue;
        for (int c = 0; c < run->srcnn->packed.channels; c++) {
            float *plane = plane_of(run, worker, c);
            run->srcnn->kernels->from_strips(plane, out_at(run, i, c), run->columns);
            rows[c] = plane;
        }
        run->sink(run->context, worker, y, rows);
    }
}

static void run_band(struct run *run, struct pool *pool)
{
    int below = (run->band + 1) * BAND + ABOVE;

    pool_run(pool, below - run->first_row, take_rows, run);
    run->first_row = below;
    if (run->band * BAND < run->height)
        pool_run(pool, run->columns / SRCNN_BLOCK * BAND_TILES, run_tiles, run);
    pool_run(pool, BAND, finish_middle, run);
    pool_run(pool, FOURS * run->pieces, run_third, run);
    pool_run(pool, BAND, give_rows, run);
}

bsr_status srcnn_run(const struct srcnn *srcnn, int width, int height, struct pool *pool,
                     srcnn_source *source, srcnn_sink *sink, void *context, struct bsr_error *err)
{
    return srcnn_run_watched(srcnn, width, height, pool, source, sink, context, NULL, err);
}

bsr_status srcnn_run_watched(const struct srcnn *srcnn, int width, int height, struct pool *pool,
                             srcnn_source *source, srcnn_sink *sink, void *context, const struct watch *watch,
                             struct bsr_error *err)
{
    bool       wanted = true;
    struct run run = {.source = source, .sink = sink, .context = context, .first_row = -ABOVE};
    int        threads = pool_threads(pool);

    if (width < 1 || height < 1 || width > SRCNN_MAX_SIDE || height > SRCNN_MAX_SIDE)
        return bsr_fail(err, BSR_ERANGE, NULL, "SRCNN on %d x %d pixels", width, height);
    measure(&run, srcnn, width, height, threads);

    size_t channels = (size_t)srcnn->packed.channels;
    float *memory = mem_alloc_aligned(floats_of(&run, threads), sizeof(float));
    if (!memory)
        return bsr_fail_memory(err, NULL, floats_of(&run, threads) * sizeof(float));
    run.in = memory;
    run.middle = run.in + IN_ROWS * channels * run.in_row;
    run.out = run.middle + MIDDLE_ROWS * run.middle_row;
    run.scratch = run.out + BAND * channels * run.out_row;
    for (int y = -SRCNN_QUAD; y < 0; y++)
        memset(middle_at(&run, y), 0, run.middle_row * sizeof(float));
    for (run.band = 0; wanted && run.band * BAND - LEAD < height; run.band++) {
        run_band(&run, pool);
        wanted = watch_go_on(watch, fmin(1, (double)(run.band + 1) * BAND / height));
    }
    mem_free(memory);
    return wanted ? BSR_OK : bsr_fail(err, BSR_ECANCELED, NULL, "enlarging was left off");
}

/* ---- planes ------------------------------------------------------------------------------------- */

struct planes {
    const float *in;
    float       *out;
    int          channels;
    size_t       width, plane;
};

static void from_planes(void *context, int worker, int y, float *const rows[3])
{
    const struct planes *planes = context;

    (void)worker;
    for (int c = 0; c < planes->channels; c++)
        memcpy(rows[c], planes->in + (size_t)c * planes->plane + (size_t)y * planes->width,
               planes->width * sizeof(float));
}

static void to_planes(void *context, int worker, int y, const float *const rows[3])
{
    const struct planes *planes = context;

    (void)worker;
    for (int c = 0; c < planes->channels; c++)
        memcpy(planes->out + (size_t)c * planes->plane + (size_t)y * planes->width, rows[c],
               planes->width * sizeof(float));
}

bsr_status srcnn_run_planes(const struct srcnn *srcnn, const float *in, float *out, int width, int height,
                            struct pool *pool, struct bsr_error *err)
{
    struct planes planes = {.in = in,
                            .out = out,
                            .channels = srcnn->packed.channels,
                            .width = (size_t)width,
                            .plane = (size_t)width * (size_t)height};
    return srcnn_run(srcnn, width, height, pool, from_planes, to_planes, &planes, err);
}
