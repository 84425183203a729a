#include "pipeline/upscale_stream.h"

#include "base/alloc.h"
#include "pipeline/upscale.h"
#include "preprocess/planes.h"

#include <string.h>

enum { LUMA_PLANES = 2 }; /* the colour differences that wait for their luma */

struct stream {
    const struct model     *model;
    struct bicubic         *bicubic;
    const struct bsr_image *in;
    struct bsr_image       *out, *plain;
    int                     colours, net_channels;
    bool                    enlarges; /* the net does: it sees the picture, not what bicubic made of it */
    size_t                  width;    /* of the output */
    const float            *small;    /* [colours][in->height][in->width] */
    float                  *rows;     /* [worker][3][width] */
    float                  *kept;     /* [y % kept_rows][LUMA_PLANES][width]; NULL: nothing waits */
    int                     kept_rows;
};

static float *rows_of(const struct stream *stream, int worker)
{
    return stream->rows + (size_t)worker * 3 * stream->width;
}

static float *kept_of(const struct stream *stream, int y)
{
    return stream->kept + (size_t)(y % stream->kept_rows) * LUMA_PLANES * stream->width;
}

/* Row y of a picture, from [channels][width]. */
static void write_row(const struct bsr_image *image, int y, const float *planes)
{
    struct bsr_image row = *image;

    row.height = 1;
    row.data = image_row(image, y);
    planes_to_image(&row, planes, NULL);
}

/* Which of the picture's planes (B, G, R) a channel of the net sees; a grey picture feeds all of them. */
static size_t plane_of_channel(const struct stream *stream, int channel)
{
    if (stream->colours == 1 || stream->net_channels == 1)
        return 0;
    return (size_t)(stream->model->card.colour == CARD_RGB ? 2 - channel : channel);
}

/* What the net is to see of a row of planes. */
static void normalise_row(const struct stream *stream, const float *planes, size_t width,
                          float *const rows[3])
{
    const struct card *card = &stream->model->card;

    for (int c = 0; c < stream->net_channels; c++) {
        const float *from = planes + plane_of_channel(stream, c) * width;
        for (size_t x = 0; x < width; x++)
            rows[c][x] = (from[x] - card->mean[c]) * card->scale[c];
    }
}

static void give_row(void *context, int worker, int y, float *const rows[3])
{
    const struct stream *stream = context;
    size_t               width = stream->width;
    float               *planes = rows_of(stream, worker);

    for (int c = 0; c < stream->colours; c++)
        bicubic_row(stream->bicubic, worker, c, y, planes + (size_t)c * width);
    if (stream->plain)
        write_row(stream->plain, y, planes);
    if (stream->kept) {
        float *kept = kept_of(stream, y);
        planes_bgr_to_ycc(planes, kept, kept + width, planes, planes + width, planes + 2 * width, width,
                          NULL);
    }
    normalise_row(stream, planes, width, rows);
}

/* A row of the picture itself. */
static void give_own_row(void *context, int worker, int y, float *const rows[3])
{
    const struct stream *stream = context;
    size_t               width = (size_t)stream->in->width, plane = width * (size_t)stream->in->height;
    float               *planes = rows_of(stream, worker);

    for (int c = 0; c < stream->colours; c++)
        memcpy(planes + (size_t)c * width, stream->small + (size_t)c * plane + (size_t)y * width,
               width * sizeof *planes);
    if (stream->net_channels == 1 && stream->colours == 3)
        planes_bgr_to_ycc(planes, planes + width, planes + 2 * width, planes, planes + width,
                          planes + 2 * width, width, NULL);
    normalise_row(stream, planes, width, rows);
}

/* Of a grey picture that went through a net of three channels, their mean. */
static void take_mean(const struct stream *stream, const float *const rows[3], float *planes)
{
    const struct card *card = &stream->model->card;

    for (size_t x = 0; x < stream->width; x++) {
        float sum = 0;
        for (int c = 0; c < 3; c++)
            sum += rows[c][x] / card->scale[c] + card->mean[c];
        planes[x] = sum / 3;
    }
}

/* The net's values as grey levels again. */
static void take_values(const struct stream *stream, const float *const rows[3], float *planes)
{
    const struct card *card = &stream->model->card;
    size_t             width = stream->width;

    if (stream->net_channels == 3 && stream->colours == 1)
        take_mean(stream, rows, planes);
    else
        for (int c = 0; c < stream->net_channels; c++) {
            float *to = planes + plane_of_channel(stream, c) * width;
            for (size_t x = 0; x < width; x++)
                to[x] = rows[c][x] / card->scale[c] + card->mean[c];
        }
}

static void take_row(void *context, int worker, int y, const float *const rows[3])
{
    const struct stream *stream = context;
    size_t               width = stream->width;
    float               *planes = rows_of(stream, worker);

    take_values(stream, rows, planes);
    if (stream->kept) {
        const float *kept = kept_of(stream, y);
        planes_ycc_to_bgr(planes, planes + width, planes + 2 * width, planes, kept, kept + width, width,
                          NULL);
    }
    write_row(stream->out, y, planes);
}

/* Of a net that enlarges: what it leaves to bicubic is done now. */
static void take_enlarged_row(void *context, int worker, int y, const float *const rows[3])
{
    const struct stream *stream = context;
    size_t               width = stream->width;
    float               *planes = rows_of(stream, worker), *cb = planes + width, *cr = cb + width;
    bool                 luma = stream->net_channels == 1 && stream->colours == 3;

    for (int c = 0; (luma || stream->plain) && c < stream->colours; c++)
        bicubic_row(stream->bicubic, worker, c, y, planes + (size_t)c * width);
    if (stream->plain)
        write_row(stream->plain, y, planes);
    if (luma)
        planes_bgr_to_ycc(planes, cb, cr, planes, cb, cr, width, NULL);
    take_values(stream, rows, planes);
    if (luma)
        planes_ycc_to_bgr(planes, cb, cr, planes, cb, cr, width, NULL);
    write_row(stream->out, y, planes);
}

static bsr_status alloc_rows(struct stream *stream, int threads, struct bsr_error *err)
{
    bool waits = stream->net_channels == 1 && stream->colours == 3 && !stream->enlarges;

    stream->rows = mem_alloc_aligned((size_t)threads * 3 * stream->width, sizeof(float));
    stream->kept =
        waits ? mem_alloc_aligned((size_t)stream->kept_rows * LUMA_PLANES * stream->width, sizeof(float))
              : NULL;
    if (stream->rows && (stream->kept || !waits))
        return BSR_OK;
    return bsr_fail_memory(err, NULL, (size_t)threads * 3 * stream->width * sizeof(float));
}

static bsr_status run_net(struct stream *stream, struct tiler *tiler, struct pool *pool,
                          const struct watch *watch, struct bsr_error *err)
{
    if (!tiler)
        return srcnn_run_watched(stream->model->srcnn, stream->out->width, stream->out->height, pool,
                                 give_row, take_row, stream, watch, err);
    if (stream->enlarges)
        return tiler_run(tiler, stream->in->width, stream->in->height, pool, give_own_row, take_enlarged_row,
                         stream, err);
    return tiler_run(tiler, stream->out->width, stream->out->height, pool, give_row, take_row, stream, err);
}

/* A row waits as long as the net's source may be ahead of its sink. */
static int rows_ahead(const struct model *model, int width, int height)
{
    return model->srcnn ? SRCNN_DELAY : tiler_grid(model, width, height).y.size;
}

bsr_status upscale_stream(const struct model *model, struct tiler *tiler, const struct bsr_image *image,
                          const struct bicubic_plane *shape, struct bsr_image *out, struct bsr_image *plain,
                          struct pool *pool, const struct watch *watch, struct bsr_error *err)
{
    struct stream stream = {.model = model,
                            .in = image,
                            .out = out,
                            .plain = plain,
                            .colours = image->channels,
                            .net_channels = (int)model->input.shape[1],
                            .enlarges = upscale_net_factor(model) > 1,
                            .kept_rows = rows_ahead(model, shape->out_width, shape->out_height),
                            .width = (size_t)shape->out_width};
    size_t        plane = (size_t)image->width * (size_t)image->height;
    const float  *src[BICUBIC_MAX_PLANES];
    float        *small = mem_alloc_aligned((size_t)image->channels * plane, sizeof *small);

    if (!small)
        return bsr_fail_memory(err, NULL, (size_t)image->channels * plane * sizeof *small);
    planes_from_image(small, image, pool);
    stream.small = small;
    for (int c = 0; c < image->channels; c++)
        src[c] = small + (size_t)c * plane;
    bsr_status status = bicubic_open(&stream.bicubic, shape, src, image->channels, pool_threads(pool), err);
    if (status == BSR_OK)
        status = alloc_rows(&stream, pool_threads(pool), err);
    if (status == BSR_OK)
        status = run_net(&stream, tiler, pool, watch, err);
    bicubic_close(stream.bicubic);
    mem_free(stream.rows);
    mem_free(stream.kept);
    mem_free(small);
    return status;
}

uint64_t upscale_stream_bytes(const struct model *model, int width, int height, int channels, int out_width,
                              int out_height, int threads)
{
    bool     enlarges = upscale_net_factor(model) > 1;
    int      net_width = enlarges ? width : out_width, net_height = enlarges ? height : out_height;
    uint64_t kept = (uint64_t)rows_ahead(model, net_width, net_height) * LUMA_PLANES;
    uint64_t rows = (uint64_t)threads * (3 + 4 * (uint64_t)channels) + (enlarges ? 0 : kept) + 5;
    uint64_t net = model->srcnn ? srcnn_bytes(model->srcnn, out_width, threads)
                                : tiler_bytes(model, net_width, net_height);

    return 4 * (uint64_t)width * (uint64_t)height * (uint64_t)channels + 4 * rows * (uint64_t)out_width + net;
}
