#include "pipeline/upscale_tiles.h"

#include "base/alloc.h"
#include "engine/engine.h"

#include <string.h>

enum { MOST_CHANNELS = 3 };

struct tiler {
    const struct model *model;
    struct engine      *engine;
    const struct watch *watch;
};

/* A picture on its way. Rows of windows follow upon each other. */
struct tiling {
    struct tiler    *tiler;
    struct grid      grid;
    struct grid_span row;      /* the row of windows at hand */
    int              channels; /* of the net */
    int              in_width, out_width;
    float           *in;  /* [channels][row.count][in_width]: of the windows at hand */
    float           *out; /* [channels][row.out_count][out_width]; NULL: a window is as wide as the picture */
    float           *window; /* [channels][rows][columns] of one; NULL where `in` is that already */
    const float     *wide;   /* what the sink reads: channel c's first row at wide + c * wide_channel */
    size_t           wide_channel;
    srcnn_source    *source;
    srcnn_sink      *sink;
    void            *context;
};

static int channels_of(const struct model *model)
{
    return (int)model->input.shape[1];
}

static bool is_fixed(const struct model *model)
{
    return model->input.shape[2] > 0 && model->input.shape[3] > 0;
}

static struct grid_net net_of(const struct model *model)
{
    struct grid_net net = {.field = &model->field, .channels = channels_of(model)};

    for (int a = 0; a < 2 && is_fixed(model); a++)
        net.fixed[a] = (int)model->input.shape[2 + a];
    return net;
}

bsr_status tiler_open(struct tiler **out, const struct model *model, struct bsr_error *err)
{
    struct engine_options options = model->engine;
    struct tiler         *tiler = mem_alloc_zeroed(1, sizeof *tiler);

    if (!tiler)
        return bsr_fail_memory(err, model->card.file, sizeof *tiler);
    options.steady = model->field.local;
    tiler->model = model;
    bsr_status status =
        engine_open(&tiler->engine, model->onnx.data, model->onnx.size, &options, model->card.file, err);
    if (status != BSR_OK) {
        tiler_close(tiler);
        return status;
    }
    *out = tiler;
    return BSR_OK;
}

void tiler_close(struct tiler *tiler)
{
    if (!tiler)
        return;
    engine_close(tiler->engine);
    mem_free(tiler);
}

void tiler_watch(struct tiler *tiler, const struct watch *watch)
{
    tiler->watch = watch;
}

struct grid tiler_grid(const struct model *model, int width, int height)
{
    const struct grid_net net = net_of(model);
    return grid_make(&net, width, height, model->tile, model->tile_memory);
}

uint64_t tiler_bytes(const struct model *model, int width, int height)
{
    const struct grid_net net = net_of(model);
    const struct grid     grid = tiler_grid(model, width, height);
    return grid_bytes(&net, &grid);
}

/* ---- rows in and out ------------------------------------------------------------------------------ */

/* Rows behind the picture's last one, where the net takes one size only, are copies of that. */
static void fill_rows(void *context, int worker, int first, int last)
{
    const struct tiling *tiling = context;
    const size_t         width = (size_t)tiling->in_width, plane = width * (size_t)tiling->row.count;
    float               *rows[MOST_CHANNELS];

    for (int y = first; y < last; y++) {
        int from = tiling->row.first + y, height = tiling->grid.y.length;
        for (int c = 0; c < tiling->channels; c++)
            rows[c] = tiling->in + (size_t)c * plane + (size_t)y * width;
        tiling->source(tiling->context, worker, from < height ? from : height - 1, rows);
        for (int c = 0; c < tiling->channels; c++)
            for (size_t x = (size_t)tiling->grid.x.length; x < width; x++)
                rows[c][x] = rows[c][tiling->grid.x.length - 1];
    }
}

static void give_rows(void *context, int worker, int first, int last)
{
    const struct tiling *tiling = context;
    const float         *rows[MOST_CHANNELS];

    for (int y = first; y < last; y++) {
        for (int c = 0; c < tiling->channels; c++)
            rows[c] = tiling->wide + (size_t)c * tiling->wide_channel + (size_t)y * (size_t)tiling->out_width;
        tiling->sink(tiling->context, worker, tiling->row.out_first + y, rows);
    }
}

/* ---- a window ------------------------------------------------------------------------------------- */

static bsr_status check_size(const struct tiling *tiling, const struct tensor *made, int count, int height,
                             int width, struct bsr_error *err)
{
    const int factor = tiling->grid.x.factor;

    if (count == 1 && made->dims == 4 && made->shape[0] == 1 && made->shape[1] == tiling->channels &&
        made->shape[2] == (int64_t)height * factor && made->shape[3] == (int64_t)width * factor)
        return BSR_OK;
    return bsr_fail(err, BSR_EMODEL, tiling->tiler->model->card.file,
                    "makes %lldx%lld pixels of %dx%d, where %dx%d were expected",
                    (long long)(made->dims == 4 ? made->shape[3] : 0),
                    (long long)(made->dims == 4 ? made->shape[2] : 0), width, height, width * factor,
                    height * factor);
}

static const float *take_window(const struct tiling *tiling, const struct grid_span *column)
{
    const size_t columns = (size_t)column->count, rows = (size_t)tiling->row.count;
    float       *to = tiling->window;

    if (!to)
        return tiling->in;
    for (size_t r = 0; r < rows * (size_t)tiling->channels; r++, to += columns)
        memcpy(to, tiling->in + r * (size_t)tiling->in_width + column->first, columns * sizeof *to);
    return tiling->window;
}

/* What the window gives, to its place in the rows; or these are the window's. */
static void put_window(struct tiling *tiling, const struct grid_span *column, const struct tensor *made)
{
    const struct grid_span *row = &tiling->row;
    const int               factor = tiling->grid.x.factor;
    const size_t made_width = (size_t)made->shape[3], made_plane = made_width * (size_t)made->shape[2];
    const size_t top = (size_t)(row->out_first - row->first * factor),
                 left = (size_t)(column->out_first - column->first * factor);
    const size_t plane = (size_t)row->out_count * (size_t)tiling->out_width;

    if (!tiling->out) {
        tiling->wide = made->data + top * made_width;
        tiling->wide_channel = made_plane;
        return;
    }
    tiling->wide = tiling->out;
    tiling->wide_channel = plane;
    for (int c = 0; c < tiling->channels; c++)
        for (size_t y = 0; y < (size_t)row->out_count; y++)
            memcpy(tiling->out + (size_t)c * plane + y * (size_t)tiling->out_width +
                       (size_t)column->out_first,
                   made->data + (size_t)c * made_plane + (top + y) * made_width + left,
                   (size_t)column->out_count * sizeof(float));
}

static bsr_status run_window(struct tiling *tiling, const struct grid_span *column, struct bsr_error *err)
{
    const struct tensor *made = NULL;
    int                  count = 0;
    struct tensor        input = {.name = tiling->tiler->model->input_name,
                                  .data = take_window(tiling, column),
                                  .dims = 4,
                                  .shape = {1, tiling->channels, tiling->row.count, column->count}};

    bsr_status status = engine_run(tiling->tiler->engine, &input, 1, &made, &count, err);
    if (status == BSR_OK)
        status = check_size(tiling, made, count, tiling->row.count, column->count, err);
    if (status == BSR_OK)
        put_window(tiling, column, made);
    return status;
}

/* ---- a picture ------------------------------------------------------------------------------------ */

static struct grid_span window_at(const struct grid_axis *axis, int index)
{
    struct grid_span span = grid_window(axis, index);
    if (axis->size > axis->length)
        span.count = axis->size; /* the only size there is */
    return span;
}

static bsr_status run_rows(struct tiling *tiling, struct pool *pool, struct bsr_error *err)
{
    bsr_status status = BSR_OK;

    for (int r = 0; status == BSR_OK && r < tiling->grid.y.count; r++) {
        tiling->row = window_at(&tiling->grid.y, r);
        pool_run(pool, tiling->row.count, fill_rows, tiling);
        for (int c = 0; status == BSR_OK && c < tiling->grid.x.count; c++) {
            struct grid_span column = window_at(&tiling->grid.x, c);
            status = run_window(tiling, &column, err);
            double done = ((double)r * tiling->grid.x.count + c + 1) / tiling->grid.x.count;
            if (status == BSR_OK && !watch_go_on(tiling->tiler->watch, done / tiling->grid.y.count))
                status = bsr_fail(err, BSR_ECANCELED, NULL, "enlarging was left off");
        }
        if (status == BSR_OK)
            pool_run(pool, tiling->row.out_count, give_rows, tiling);
    }
    return status;
}

/* A window that is wider than the picture gives rows that are, too. */
static bsr_status alloc_rows(struct tiling *tiling, struct bsr_error *err)
{
    const struct grid *grid = &tiling->grid;
    const size_t       channels = (size_t)tiling->channels, rows = (size_t)grid->y.size;
    const size_t       out_rows = rows * (size_t)grid->y.factor;
    const bool         cut = grid->x.count > 1;

    tiling->in_width = grid->x.size > grid->x.length ? grid->x.size : grid->x.length;
    tiling->out_width = tiling->in_width * grid->x.factor;
    tiling->in = mem_alloc_aligned(channels * rows * (size_t)tiling->in_width, sizeof(float));
    tiling->out =
        cut ? mem_alloc_aligned(mem_product(channels * out_rows, (size_t)tiling->out_width), sizeof(float))
            : NULL;
    tiling->window = cut ? mem_alloc_aligned(channels * rows * (size_t)grid->x.size, sizeof(float)) : NULL;
    if (tiling->in && (!cut || (tiling->out && tiling->window)))
        return BSR_OK;
    return bsr_fail_memory(err, NULL, channels * out_rows * (size_t)tiling->out_width * sizeof(float));
}

/* A net of one size takes no other picture, where windows can't help. */
static bsr_status check_grid(const struct tiling *tiling, struct bsr_error *err)
{
    const struct model     *model = tiling->tiler->model;
    const struct grid_axis *y = &tiling->grid.y, *x = &tiling->grid.x;

    if (is_fixed(model) && !model->field.local &&
        (x->length != model->input.shape[3] || y->length != model->input.shape[2]))
        return bsr_fail(err, BSR_EMODEL, model->card.file,
                        "takes pictures of %lldx%lld pixels only, and can't be run on windows of others: %s",
                        (long long)model->input.shape[3], (long long)model->input.shape[2], model->field.why);
    if (!y->step || !x->step)
        return bsr_fail(err, BSR_EMODEL, model->card.file,
                        "takes %lldx%lld pixels only, too few for windows: it looks %d pixels around",
                        (long long)model->input.shape[3], (long long)model->input.shape[2],
                        model->field.before[y->step ? 1 : 0] / model->field.factor);
    return BSR_OK;
}

bsr_status tiler_run(struct tiler *tiler, int width, int height, struct pool *pool, srcnn_source *source,
                     srcnn_sink *sink, void *context, struct bsr_error *err)
{
    struct tiling tiling = {.tiler = tiler,
                            .grid = tiler_grid(tiler->model, width, height),
                            .channels = channels_of(tiler->model),
                            .source = source,
                            .sink = sink,
                            .context = context};

    bsr_status status = check_grid(&tiling, err);
    if (status == BSR_OK)
        status = alloc_rows(&tiling, err);
    if (status == BSR_OK)
        status = run_rows(&tiling, pool, err);
    mem_free(tiling.in);
    mem_free(tiling.out);
    mem_free(tiling.window);
    return status;
}
