#include "pipeline/upscale_planes.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "pipeline/transparency.h"
#include "preprocess/bicubic.h"
#include "preprocess/planes.h"

#include <string.h>

/* The planes of one picture on its way. Sizes in pixels; a plane is out_width * out_height floats once
 * enlarged: as large as asked for, or as the net makes it. */
struct enlarging {
    int    width, height, out_width, out_height;
    int    channels, colours; /* with and without alpha */
    float *small;             /* [channels][height][width] */
    float *large;             /* [channels][out_height][out_width] */
    float *net_input;         /* [net_channels][net_height][net_width] */
    int    net_width, net_height;
    size_t plane; /* out_width * out_height */
};

static void enlarging_free(struct enlarging *work)
{
    mem_free(work->small);
    mem_free(work->large);
    mem_free(work->net_input);
}

static bsr_status alloc_planes(struct enlarging *work, int channels_of_net, struct bsr_error *err)
{
    size_t in = (size_t)work->width * (size_t)work->height;
    size_t net = (size_t)work->net_width * (size_t)work->net_height;
    work->plane = (size_t)work->out_width * (size_t)work->out_height;
    work->small = mem_alloc_aligned((size_t)work->channels * in, sizeof(float));
    work->large = mem_alloc_aligned((size_t)work->channels * work->plane, sizeof(float));
    work->net_input =
        channels_of_net ? mem_alloc_aligned((size_t)channels_of_net * net, sizeof(float)) : NULL;
    if (!work->small || !work->large || (channels_of_net && !work->net_input))
        return bsr_fail_memory(err, NULL,
                               (size_t)(work->channels + channels_of_net) * work->plane * sizeof(float));
    return BSR_OK;
}

static bsr_status enlarge_planes(struct enlarging *work, const struct upscale_size *size, struct pool *pool,
                                 struct bsr_error *err)
{
    bool       to = size->width > 0 && size->height > 0;
    bsr_status status = BSR_OK;
    for (int i = 0; status == BSR_OK && i < work->channels; i++) {
        struct bicubic_plane plane = {
            .src = work->small + (size_t)i * (size_t)work->width * (size_t)work->height,
            .src_stride = (size_t)work->width,
            .in_width = work->width,
            .in_height = work->height,
            .dst = work->large + (size_t)i * work->plane,
            .dst_stride = (size_t)work->out_width,
            .out_width = work->out_width,
            .out_height = work->out_height,
            .step_x = to ? (double)work->width / work->out_width : 1 / size->factor,
            .step_y = to ? (double)work->height / work->out_height : 1 / size->factor,
        };
        status = bicubic_enlarge(&plane, pool, err);
    }
    return status;
}

/* dst = (src - mean) * scale, as the card has it for the net's channel. */
static void normalise(float *dst, const float *src, size_t count, float mean, float scale)
{
    for (size_t i = 0; i < count; i++)
        dst[i] = (src[i] - mean) * scale;
}

/* dst = src / scale + mean: the net's values as grey levels again. */
static void denormalise(float *dst, const float *src, size_t count, float mean, float scale)
{
    for (size_t i = 0; i < count; i++)
        dst[i] = src[i] / scale + mean;
}

/* Which of the picture's planes (B, G, R) feeds a channel of the net; a grey picture feeds all of them. */
static int plane_of_channel(const struct upscaler *upscaler, const struct enlarging *work, int channel)
{
    if (work->colours == 1 || upscaler->net_channels == 1)
        return 0;
    return upscaler->model->card.colour == CARD_RGB ? 2 - channel : channel;
}

static void to_luma(const struct upscaler *upscaler, float *planes, size_t plane)
{
    float *y = planes, *cb = y + plane, *cr = cb + plane;
    planes_bgr_to_ycc(y, cb, cr, y, cb, cr, plane, upscaler->pool);
}

/* From the enlarged planes where the net keeps the size, else from those of the picture. */
static void fill_net_input(const struct upscaler *upscaler, struct enlarging *work)
{
    const struct card *card = &upscaler->model->card;
    bool               keeps = upscaler->net_factor == 1;
    float             *from = keeps ? work->large : work->small;
    size_t             plane = (size_t)work->net_width * (size_t)work->net_height;

    if (upscaler->net_channels == 1 && work->colours == 3) {
        to_luma(upscaler, work->large, work->plane);
        if (!keeps)
            to_luma(upscaler, work->small, plane);
    }
    for (int i = 0; i < upscaler->net_channels; i++)
        normalise(work->net_input + (size_t)i * plane,
                  from + (size_t)plane_of_channel(upscaler, work, i) * plane, plane, card->mean[i],
                  card->scale[i]);
}

/* The net's output over the enlarged planes. Of a grey picture that went through a net of three channels,
 * their mean. */
static void take_net_output(const struct upscaler *upscaler, struct enlarging *work, const float *output)
{
    const struct card *card = &upscaler->model->card;
    float             *y = work->large, *cb = y + work->plane, *cr = cb + work->plane;

    if (upscaler->net_channels == 3 && work->colours == 1) {
        for (size_t i = 0; i < work->plane; i++) {
            float sum = 0;
            for (int c = 0; c < 3; c++)
                sum += output[(size_t)c * work->plane + i] / card->scale[c] + card->mean[c];
            y[i] = sum / 3;
        }
        return;
    }
    for (int i = 0; i < upscaler->net_channels; i++)
        denormalise(work->large + (size_t)plane_of_channel(upscaler, work, i) * work->plane,
                    output + (size_t)i * work->plane, work->plane, card->mean[i], card->scale[i]);
    if (upscaler->net_channels == 1 && work->colours == 3)
        planes_ycc_to_bgr(y, cb, cr, y, cb, cr, work->plane, upscaler->pool);
}

/* Rows of planes in and out of the net. */
struct net_planes {
    const float *in;  /* [channels][height][width] */
    float       *out; /* [channels][out_height][out_width] */
    size_t       in_width, in_plane, out_width, out_plane;
    int          channels;
};

static void give_plane_row(void *context, int worker, int y, float *const rows[3])
{
    const struct net_planes *planes = context;

    (void)worker;
    for (int c = 0; c < planes->channels; c++)
        memcpy(rows[c], planes->in + (size_t)c * planes->in_plane + (size_t)y * planes->in_width,
               planes->in_width * sizeof(float));
}

static void take_plane_row(void *context, int worker, int y, const float *const rows[3])
{
    const struct net_planes *planes = context;

    (void)worker;
    for (int c = 0; c < planes->channels; c++)
        memcpy(planes->out + (size_t)c * planes->out_plane + (size_t)y * planes->out_width, rows[c],
               planes->out_width * sizeof(float));
}

static bsr_status run_net(struct upscaler *upscaler, struct enlarging *work, struct bsr_error *err)
{
    size_t            values = (size_t)upscaler->net_channels * work->plane;
    float            *output = mem_alloc_aligned(values, sizeof *output);
    struct net_planes planes = {.in = work->net_input,
                                .out = output,
                                .in_width = (size_t)work->net_width,
                                .in_plane = (size_t)work->net_width * (size_t)work->net_height,
                                .out_width = (size_t)work->out_width,
                                .out_plane = work->plane,
                                .channels = upscaler->net_channels};

    if (!output)
        return bsr_fail_memory(err, NULL, values * sizeof *output);
    bsr_status status =
        upscaler->tiler
            ? tiler_run(upscaler->tiler, work->net_width, work->net_height, upscaler->pool, give_plane_row,
                        take_plane_row, &planes, err)
            : srcnn_run_watched(upscaler->model->srcnn, work->net_width, work->net_height, upscaler->pool,
                                give_plane_row, take_plane_row, &planes, upscaler->watch, err);
    if (status == BSR_OK)
        take_net_output(upscaler, work, output);
    mem_free(output);
    return status;
}

static bsr_status planes_to_new_image(struct bsr_image *out, const struct enlarging *work, int depth,
                                      struct pool *pool, struct bsr_error *err)
{
    bsr_status status = image_alloc(out, work->out_width, work->out_height, work->channels, depth, err);
    if (status == BSR_OK)
        planes_to_image(out, work->large, pool);
    return status;
}

/* Enlarges to the size of the net's output, with bicubic before a net that keeps the size, and beside one
 * that enlarges, which leaves alpha, and colour where it sees luma only, to it; then fills the net's input.
 */
static bsr_status prepare(struct upscaler *upscaler, struct enlarging *work, const struct bsr_image *image,
                          const struct upscale_size *size, struct bsr_image *plain, struct bsr_error *err)
{
    bool       transparent = work->channels > work->colours;
    bsr_status status = alloc_planes(work, upscaler->net_channels, err);

    if (status == BSR_OK) {
        planes_from_image(work->small, image, upscaler->pool);
        status = enlarge_planes(work, size, upscaler->pool, err);
    }
    if (status == BSR_OK && plain)
        status = planes_to_new_image(plain, work, image->depth, upscaler->pool, err);
    if (status == BSR_OK && transparent) {
        transparency_straighten(work->large, work->colours, work->plane);
        if (upscaler->net_factor > 1)
            transparency_straighten(work->small, work->colours, (size_t)work->width * (size_t)work->height);
    }
    if (status == BSR_OK)
        fill_net_input(upscaler, work);
    return status;
}

static bsr_status enlarge(struct upscaler *upscaler, struct enlarging *work, const struct bsr_image *image,
                          const struct upscale_size *size, struct bsr_image *plain, struct timing *timing,
                          struct bsr_error *err)
{
    double     start = clock_ms();
    bsr_status status = prepare(upscaler, work, image, size, plain, err);
    double     prepared = clock_ms();
    if (status == BSR_OK)
        status = run_net(upscaler, work, err);
    double ran = clock_ms();
    if (status == BSR_OK && work->channels > work->colours)
        transparency_multiply(work->large, work->colours, work->plane);
    timing->pre += prepared - start;
    timing->net += ran - prepared;
    timing->post += clock_ms() - ran;
    return status;
}

/* What the net made, brought to the size asked for. */
static bsr_status settle_size(struct enlarging *work, int width, int height, struct pool *pool,
                              struct bsr_error *err)
{
    struct enlarging last = {.width = work->out_width,
                             .height = work->out_height,
                             .channels = work->channels,
                             .colours = work->colours,
                             .out_width = width,
                             .out_height = height,
                             .plane = (size_t)width * (size_t)height};
    if (work->out_width == width && work->out_height == height)
        return BSR_OK;
    last.large = mem_alloc_aligned((size_t)last.channels * last.plane, sizeof(float));
    if (!last.large)
        return bsr_fail_memory(err, NULL, (size_t)last.channels * last.plane * sizeof(float));
    last.small = work->large;
    bsr_status status =
        enlarge_planes(&last, &(struct upscale_size){.width = width, .height = height}, pool, err);
    work->large = NULL;
    enlarging_free(work);
    *work = last;
    return status;
}

/* What bicubic alone makes of it, in the size asked for. */
static bsr_status make_plain(struct bsr_image *out, const struct bsr_image *image,
                             const struct upscale_size *size, int width, int height, struct pool *pool,
                             struct bsr_error *err)
{
    struct enlarging work = {.width = image->width,
                             .height = image->height,
                             .channels = image->channels,
                             .out_width = width,
                             .out_height = height};
    bsr_status       status = alloc_planes(&work, 0, err);
    if (status == BSR_OK) {
        planes_from_image(work.small, image, pool);
        status = enlarge_planes(&work, size, pool, err);
    }
    if (status == BSR_OK)
        status = planes_to_new_image(out, &work, image->depth, pool, err);
    enlarging_free(&work);
    return status;
}

/* The sizes of planes and net for a picture; `first` is what is done before or by the net. */
static bsr_status find_sizes(struct enlarging *work, struct upscale_size *first,
                             const struct upscaler *upscaler, const struct bsr_image *image,
                             struct bsr_error *err)
{
    int factor = upscaler->net_factor;

    *work = (struct enlarging){.width = image->width, .height = image->height, .channels = image->channels};
    work->colours = image->channels < 3 ? 1 : 3;
    if (factor > 1)
        *first = (struct upscale_size){.factor = factor};
    bsr_status status =
        upscale_output_size(first, image->width, image->height, &work->out_width, &work->out_height, err);
    work->net_width = factor > 1 ? image->width : work->out_width;
    work->net_height = factor > 1 ? image->height : work->out_height;
    return status;
}

bsr_status upscaler_lay(struct upscaler *upscaler, const struct bsr_image *image, double factor,
                        struct bsr_tensor *out, struct bsr_error *err)
{
    struct upscale_size size = {.factor = factor};
    struct enlarging    work;
    bsr_status          status = find_sizes(&work, &size, upscaler, image, err);

    if (status == BSR_OK)
        status = prepare(upscaler, &work, image, &size, NULL, err);
    if (status == BSR_OK) {
        *out = (struct bsr_tensor){.data = work.net_input,
                                   .type = BSR_F32,
                                   .dims = 4,
                                   .shape = {1, upscaler->net_channels, work.net_height, work.net_width}};
        work.net_input = NULL;
    }
    enlarging_free(&work);
    return status;
}

bsr_status upscale_planes(struct upscaler *upscaler, const struct bsr_image *image,
                          const struct upscale_size *size, struct bsr_image *out, struct bsr_image *plain,
                          struct timing *timing, struct bsr_error *err)
{
    struct enlarging    work = {.small = NULL};
    struct bsr_image    enlarged = {0}, compared = {0};
    int                 width, height, factor = upscaler->net_factor;
    struct upscale_size first = *size;

    bsr_status status = upscale_output_size(size, image->width, image->height, &width, &height, err);
    if (status == BSR_OK)
        status = find_sizes(&work, &first, upscaler, image, err);
    if (status == BSR_OK)
        status =
            enlarge(upscaler, &work, image, &first, plain && factor == 1 ? &compared : NULL, timing, err);
    if (status == BSR_OK && plain && factor > 1)
        status = make_plain(&compared, image, size, width, height, upscaler->pool, err);
    double start = clock_ms();
    if (status == BSR_OK)
        status = settle_size(&work, width, height, upscaler->pool, err);
    if (status == BSR_OK)
        status = planes_to_new_image(&enlarged, &work, image->depth, upscaler->pool, err);
    timing->post += clock_ms() - start;
    enlarging_free(&work);
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
