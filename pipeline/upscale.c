#include "pipeline/upscale.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "pipeline/upscale_planes.h"
#include "pipeline/upscale_stream.h"
#include "preprocess/bicubic.h"

#include <math.h>

enum { MAX_NET_FACTOR = 16 };

static int net_channels(const struct model *model)
{
    return model->input.dims == 4 ? (int)model->input.shape[1] : 0;
}

/* How many times larger the output is than the input; 1 where the shapes don't tell, 0 when it is no whole
 * factor. */
static int net_factor(const struct model *model)
{
    int64_t in_height = model_side(model, 2, MODEL_USUAL_SIDE),
            in_width = model_side(model, 3, MODEL_USUAL_SIDE);
    int64_t out_height = model->outputs[0].shape[2], out_width = model->outputs[0].shape[3];

    if (out_height < 1 || out_width < 1 || (out_height == in_height && out_width == in_width))
        return 1;
    int64_t factor = out_height / in_height;
    bool    whole = factor >= 1 && factor <= MAX_NET_FACTOR && in_height * factor == out_height &&
                 in_width * factor == out_width;
    return whole ? (int)factor : 0;
}

void upscaler_watch(struct upscaler *upscaler, const struct watch *watch)
{
    upscaler->watch = watch;
    if (upscaler->tiler)
        tiler_watch(upscaler->tiler, watch);
}

bool upscale_has_shapes(const struct model *model)
{
    const int channels = net_channels(model);
    return model->output_count == 1 && model->outputs[0].dims == 4 && (channels == 1 || channels == 3) &&
           model->outputs[0].shape[1] == channels;
}

int upscale_net_factor(const struct model *model)
{
    return model->output_count == 1 && model->outputs[0].dims == 4 ? net_factor(model) : 1;
}

bsr_status upscaler_open(struct upscaler **out, const struct model *model, struct pool *pool,
                         struct bsr_error *err)
{
    int channels = net_channels(model);
    if ((channels != 1 && channels != 3) || model->output_count != 1 || model->outputs[0].dims != 4)
        return bsr_fail(err, BSR_EMODEL, model->card.file,
                        "is no net that enlarges: one picture of 1 or 3 channels in, one out");
    int factor = net_factor(model);
    if (!factor)
        return bsr_fail(err, BSR_EMODEL, model->card.file,
                        "makes %lldx%lld pixels of %lldx%lld: neither the same size nor a whole factor",
                        (long long)model->outputs[0].shape[3], (long long)model->outputs[0].shape[2],
                        (long long)model->input.shape[3], (long long)model->input.shape[2]);
    if (channels == 3 && model->card.colour == CARD_LUMA)
        return bsr_fail(err, BSR_EMODEL, model->card.file,
                        "takes 3 channels, but its card says color = \"luma\"");

    struct upscaler *upscaler = mem_alloc_zeroed(1, sizeof *upscaler);
    if (!upscaler)
        return bsr_fail_memory(err, model->card.file, sizeof *upscaler);
    upscaler->model = model;
    upscaler->pool = pool;
    upscaler->net_channels = channels;
    upscaler->net_factor = factor;

    bsr_status status = BSR_OK;
    if (!model->srcnn)
        status = tiler_open(&upscaler->tiler, model, err);
    if (status != BSR_OK) {
        upscaler_close(upscaler);
        return status;
    }
    *out = upscaler;
    return BSR_OK;
}

void upscaler_close(struct upscaler *upscaler)
{
    if (!upscaler)
        return;
    tiler_close(upscaler->tiler);
    mem_free(upscaler);
}

bsr_status upscale_output_size(const struct upscale_size *size, int width, int height, int *out_width,
                               int *out_height, struct bsr_error *err)
{
    bool   to = size->width > 0 && size->height > 0;
    double wide = to ? size->width : floor(width * size->factor);
    double high = to ? size->height : floor(height * size->factor);

    if (!(wide <= IMAGE_MAX_SIDE) || !(high <= IMAGE_MAX_SIDE))
        return bsr_fail(err, BSR_ERANGE, NULL,
                        "enlarged, it would have %.0f x %.0f pixels (a side may have up to %d)", wide, high,
                        IMAGE_MAX_SIDE);
    if (!(wide >= width) || !(high >= height))
        return bsr_fail(err, BSR_ERANGE, NULL, "%d x %d pixels are more than the %.0f x %.0f asked for",
                        width, height, wide, high);
    *out_width = (int)wide;
    *out_height = (int)high;
    return BSR_OK;
}

/* Whether no step has to see the whole picture: those for alpha do, and those to a size that is not the net's
 * own. */
static bool streams(const struct model *model, int channels, int width, int height, int out_width,
                    int out_height)
{
    int factor = upscale_net_factor(model);

    return (channels == 1 || channels == 3) &&
           (factor == 1 || (out_width == width * factor && out_height == height * factor));
}

uint64_t upscale_bytes(const struct model *model, int width, int height, int channels, int depth,
                       int out_width, int out_height, int threads)
{
    uint64_t in = (uint64_t)width * (uint64_t)height, out = (uint64_t)out_width * (uint64_t)out_height;
    uint64_t pixel = (uint64_t)channels * (uint64_t)depth / 8, colours = (uint64_t)channels;
    uint64_t net = (uint64_t)(net_channels(model) > 0 ? net_channels(model) : 3);

    int factor = upscale_net_factor(model);
    if (streams(model, channels, width, height, out_width, out_height))
        return (in + out) * pixel +
               upscale_stream_bytes(model, width, height, channels, out_width, out_height, threads);
    if (model->srcnn)
        return in * (pixel + 4 * colours) + out * (pixel + 4 * colours + 8 * net) +
               srcnn_bytes(model->srcnn, out_width, threads);
    if (factor > 1)
        return in * (pixel + 4 * colours + 4 * net) +
               2 * (out + in * (uint64_t)factor * (uint64_t)factor) * (pixel + 4 * colours + 4 * net) +
               tiler_bytes(model, width, height);
    /* pictures in and out, planes of floats in and out, the net's input and output */
    return in * (pixel + 4 * colours) + out * (pixel + 4 * colours + 8 * net) +
           tiler_bytes(model, out_width, out_height);
}

/* A picture without alpha, row by row. */
static bsr_status run_stream(struct upscaler *upscaler, const struct bsr_image *image,
                             const struct upscale_size *size, struct bsr_image *out, struct bsr_image *plain,
                             struct timing *timing, struct bsr_error *err)
{
    bool                 to = size->width > 0 && size->height > 0;
    struct bicubic_plane shape = {
        .src_stride = (size_t)image->width, .in_width = image->width, .in_height = image->height};
    struct bsr_image enlarged = {0}, compared = {0};
    double           start = clock_ms();

    bsr_status status =
        upscale_output_size(size, image->width, image->height, &shape.out_width, &shape.out_height, err);
    shape.step_x = to ? (double)image->width / shape.out_width : 1 / size->factor;
    shape.step_y = to ? (double)image->height / shape.out_height : 1 / size->factor;
    if (status == BSR_OK)
        status =
            image_alloc(&enlarged, shape.out_width, shape.out_height, image->channels, image->depth, err);
    if (status == BSR_OK && plain)
        status =
            image_alloc(&compared, shape.out_width, shape.out_height, image->channels, image->depth, err);
    if (status == BSR_OK)
        status = upscale_stream(upscaler->model, upscaler->tiler, image, &shape, &enlarged,
                                plain ? &compared : NULL, upscaler->pool, upscaler->watch, err);
    timing->net += clock_ms() - start;
    if (status != BSR_OK) {
        image_free(&enlarged);
        image_free(&compared);
        return status;
    }
    *out = enlarged;
    if (plain)
        *plain = compared;
    return BSR_OK;
}

bsr_status upscaler_run(struct upscaler *upscaler, const struct bsr_image *image,
                        const struct upscale_size *size, struct bsr_image *out, struct bsr_image *plain,
                        struct timing *timing, struct bsr_error *err)
{
    int        width = 0, height = 0;
    bsr_status status = upscale_output_size(size, image->width, image->height, &width, &height, err);

    if (status != BSR_OK)
        return status;
    if (streams(upscaler->model, image->channels, image->width, image->height, width, height))
        return run_stream(upscaler, image, size, out, plain, timing, err);
    return upscale_planes(upscaler, image, size, out, plain, timing, err);
}
