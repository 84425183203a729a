#include "engine/kernels/conv_tiles.h"

#include "base/alloc.h"
#include "engine/kernels/caches.h"

enum { CHUNK_TILES }; /* op.numbers */

/* Floats between the blocks of two positions: where tiles times channels is a power of two, all positions of
 * a channel would be in the same few lines of the first cache. */
enum { POSITION_GAP = 16 };

int tiles_reach(const struct tile_plan *plan, int out_size)
{
    int tiles = (out_size + TILE - 1) / TILE;
    return (tiles - 1) * plan->step + plan->extent - 1;
}

/* ---- packing: [matrix][panel][input][column of the panel] --------------------------------------- */

static size_t matrix_floats(const struct conv *conv)
{
    return mem_product((size_t)conv->inputs, (size_t)conv->columns);
}

size_t tiles_weight_floats(const struct conv *conv, const struct tile_plan *plan)
{
    return mem_product((size_t)plan->matrices, matrix_floats(conv));
}

enum { PANEL_COLUMNS = PANEL_VECTORS * WIDEST_VECTOR };

/* One direction of the transform: three numbers of each column to one. */
static void transform_columns(double *to, const double weights[3], const double *first, ptrdiff_t step)
{
    for (int i = 0; i < PANEL_COLUMNS; i++)
        to[i] = weights[0] * first[i] + weights[1] * first[step + i] + weights[2] * first[2 * step + i];
}

/* The 3x3 of an input and all columns of a panel in both directions; factor y * factors + factor x is the
 * matrix. */
static void pack_kernels(const struct tile_plan *plan, double kernels[9][PANEL_COLUMNS], float *to,
                         size_t matrix, int width)
{
    double row[3][PANEL_COLUMNS], made[PANEL_COLUMNS];

    for (int i = 0; i < plan->factors; i++) {
        for (int x = 0; x < 3; x++)
            transform_columns(row[x], plan->transform[i], kernels[x], 3 * (ptrdiff_t)PANEL_COLUMNS);
        for (int j = 0; j < plan->factors; j++, to += matrix) {
            transform_columns(made, plan->transform[j], row[0], PANEL_COLUMNS);
            for (int c = 0; c < width; c++)
                to[c] = (float)made[c];
        }
    }
}

void tiles_pack(const struct conv *conv, const struct tile_plan *plan, const float *weights)
{
    double kernels[9][PANEL_COLUMNS] = {{0}};

    for (int p = 0; p < conv_panels(conv); p++) {
        const struct panel panel = conv_panel(conv, p);
        const int          width = panel.vectors * conv->kernels->vector;
        float             *to = conv->weights + (size_t)panel.first * (size_t)conv->inputs;
        struct conv_row    rows[PANEL_COLUMNS];

        for (int c = 0; c < width; c++)
            rows[c] = conv_row(conv, weights, 0, panel.first + c);
        for (int input = 0; input < conv->inputs; input++, to += width) {
            for (int c = 0; c < width; c++)
                for (int i = 0; i < 9; i++)
                    kernels[i][c] = rows[c].end ? (double)rows[c].weights[(ptrdiff_t)input * 9 + i] : 0.0;
            pack_kernels(plan, kernels, to, matrix_floats(conv), width);
        }
    }
}

/* ---- running ------------------------------------------------------------------------------------ */

/* A run's tiles and its scratch: a chunk of tiles at all positions, inputs and sums. */
struct tiles {
    const struct op        *op;
    const struct conv      *conv;
    const struct tile_plan *plan;
    int                     across; /* tiles in a row of the map */
    float                  *values, *sums;
    int                     value_row, sum_row; /* floats of a tile at a position */
    ptrdiff_t               value_position, sum_position;
};

static int whole_vectors(const struct conv *conv, int channels)
{
    return (channels + conv->kernels->vector - 1) / conv->kernels->vector * conv->kernels->vector;
}

/* A scratch of NULL: to know how large it must be. */
static struct tiles tiles_of(const struct op *op, const struct tile_plan *plan, float *scratch)
{
    const struct conv *conv = op->weights;
    const ptrdiff_t    chunk = op->numbers[CHUNK_TILES];
    struct tiles       tiles = {.op = op, .conv = conv, .plan = plan};

    tiles.across = (op->out.width + TILE - 1) / TILE;
    tiles.value_row = whole_vectors(conv, conv->inputs);
    tiles.sum_row = conv->columns;
    tiles.value_position = chunk * tiles.value_row + POSITION_GAP;
    tiles.sum_position = chunk * tiles.sum_row + POSITION_GAP;
    tiles.values = scratch;
    if (scratch)
        tiles.sums = scratch + plan->positions * tiles.value_position;
    return tiles;
}

static void transform_inputs(const struct tiles *tiles, long long first, int count)
{
    const struct map *in = &tiles->op->in;
    const int        *pad = tiles->conv->shape.pad, step = tiles->plan->step;
    struct tile_in    tile = {.pixel = in->pixel,
                              .row = in->row,
                              .position = tiles->value_position,
                              .channels = map_padded(tiles->conv->inputs)};

    for (int i = 0; i < count; i++) {
        int y = (int)((first + i) / tiles->across), x = (int)((first + i) % tiles->across);
        tile.in = map_at(in, y * step - pad[0], x * step - pad[1]);
        tile.to = tiles->values + (ptrdiff_t)i * tiles->value_row;
        tiles->conv->kernels->tile_in[tiles->plan->kind](&tile);
    }
}

/* All tiles of the chunk at a position by a panel of weights. */
static void multiply_panel(const struct tiles *tiles, int position, const float *weights,
                           const struct panel *panel, int count)
{
    static const _Alignas(64) float zeros[PANEL_VECTORS * WIDEST_VECTOR] = {0};
    const struct kernels           *kernels = tiles->conv->kernels;
    const int                       most = kernels->most_pixels[panel->vectors - 1];
    struct block                    block = {.in_pixel = tiles->value_row,
                                             .window = {1, 1},
                                             .length = tiles->conv->inputs,
                                             .weights = weights,
                                             .init = zeros,
                                             .out_pixel = tiles->sum_row,
                                             .channels = panel->vectors * kernels->vector,
                                             .way = STORE_SUMS};

    block.in = tiles->values + position * tiles->value_position;
    block.out = tiles->sums + position * tiles->sum_position + panel->first;
    for (int blocks = (count + most - 1) / most; blocks > 0; blocks--) {
        int pixels = (count + blocks - 1) / blocks;
        kernels->block[panel->vectors - 1][pixels](&block);
        block.in += pixels * block.in_pixel;
        block.out += pixels * block.out_pixel;
        count -= pixels;
    }
}

static void multiply(const struct tiles *tiles, int count)
{
    const struct conv *conv = tiles->conv;
    const float       *weights = conv->weights;
    int                position = 0;

    for (int matrix = 0; matrix < tiles->plan->matrices; matrix++) {
        const int members = tiles->plan->members(matrix);
        for (int i = 0; i < conv_panels(conv); i++) {
            const struct panel panel = conv_panel(conv, i);
            for (int member = 0; member < members; member++)
                multiply_panel(tiles, position + member, weights, &panel, count);
            weights += (ptrdiff_t)panel.vectors * conv->kernels->vector * conv->inputs;
        }
        position += members;
    }
}

static void move_map(struct map *map, int y, int x)
{
    if (map->data)
        map->data = map_at(map, y, x);
}

static void transform_outputs(const struct tiles *tiles, long long first, int count)
{
    const struct op *op = tiles->op;
    struct tile_out  tile = {.position = tiles->sum_position,
                             .bias = tiles->conv->bias,
                             .start = op->finish.start,
                             .start_shift = op->finish.start_shift,
                             .channels = map_padded(tiles->conv->outputs),
                             .activation = op->finish.activation,
                             .residual_first = op->finish.residual_first};

    for (int i = 0; i < count; i++) {
        tile.y = (int)((first + i) / tiles->across) * TILE;
        tile.x = (int)((first + i) % tiles->across) * TILE;
        tile.rows = op->out.height - tile.y < TILE ? op->out.height - tile.y : TILE;
        tile.columns = op->out.width - tile.x < TILE ? op->out.width - tile.x : TILE;
        tile.sums = tiles->sums + (ptrdiff_t)i * tiles->sum_row;
        tile.out = op->out;
        tile.residual = op->finish.residual;
        move_map(&tile.out, tile.y, tile.x);
        move_map(&tile.residual, tile.y, tile.x);
        tiles->conv->kernels->tile_out[tiles->plan->kind](&tile);
    }
}

static long long count_tiles(const struct map *out)
{
    return (long long)((out->height + TILE - 1) / TILE) * ((out->width + TILE - 1) / TILE);
}

void tiles_run(const struct op *op, const struct tile_plan *plan, int first, int last, void *scratch)
{
    const struct tiles tiles = tiles_of(op, plan, scratch);
    const long long    all = count_tiles(&op->out), begin = share_begin(all, op->units, first);
    const long long    end = share_begin(all, op->units, last), most = op->numbers[CHUNK_TILES];
    const long long    chunks = (end - begin + most - 1) / most;

    for (long long i = 0; i < chunks; i++) {
        long long from = begin + (end - begin) * i / chunks, to = begin + (end - begin) * (i + 1) / chunks;
        transform_inputs(&tiles, from, (int)(to - from));
        multiply(&tiles, (int)(to - from));
        transform_outputs(&tiles, from, (int)(to - from));
    }
}

/* ---- binding ------------------------------------------------------------------------------------ */

/* A chunk's values and sums stay in the second cache; but all weights pass by for each chunk, so that it has
 * two blocks of tiles at least. */
static int chunk_tiles(const struct conv *conv, const struct tile_plan *plan)
{
    const size_t channels = (size_t)whole_vectors(conv, conv->inputs) + (size_t)conv->columns;
    const size_t of_tile = (size_t)plan->positions * channels * sizeof(float);
    const size_t fit = caches_of_machine().l2 / 2 / of_tile;

    return fit > MOST_PIXELS ? (int)fit : MOST_PIXELS;
}

void tiles_bind(struct op *op, const struct conv *conv, const struct tile_plan *plan, int threads)
{
    const long long all = count_tiles(&op->out);
    const int       chunk = chunk_tiles(conv, plan);

    op->numbers[CHUNK_TILES] = all < chunk ? (int)all : chunk;
    op->units = conv_units(all, threads);
    const struct tiles tiles = tiles_of(op, plan, NULL);
    op->scratch =
        sizeof(float) * (size_t)plan->positions * (size_t)(tiles.value_position + tiles.sum_position);
}
