/* The first two tiers of besra.h: thin over the pipeline. */
#include "pipeline/api.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/image.h"
#include "base/machine.h"
#include "engine/engine.h"
#include "media/picture.h"
#include "pipeline/upscale.h"

#include <string.h>

enum { WRITTEN_QUALITY = 95 };

#define MAX_FILE_BYTES ((size_t)2 << 30) /* of an encoded picture */

struct bsr_model {
    struct model     model;
    struct pool     *pool;
    struct detector *detector; /* one of the two */
    struct upscaler *upscaler;
};

void bsr_image_free(struct bsr_image *image)
{
    image_free(image);
}

void bsr_detections_free(struct bsr_detections *detections)
{
    mem_free(detections->items);
    *detections = (struct bsr_detections){0};
}

struct bsr_detect_options bsr_detect_options_default(void)
{
    return (struct bsr_detect_options){.confidence = -1, .iou = -1};
}

int api_threads(int wanted)
{
    int threads = wanted > 0 ? wanted : machine_find("").processors;
    return threads < 256 ? threads : 256;
}

struct detect_options api_detect_options(const struct model *model, const struct bsr_detect_options *options)
{
    struct detect_options how = detect_options_default(model);
    if (options->confidence >= 0)
        how.confidence = options->confidence;
    if (options->iou >= 0)
        how.iou = options->iou;
    if (options->max_detections > 0)
        how.max_detections = options->max_detections;
    if (options->letterbox)
        how.rect = options->letterbox == 1;
    how.agnostic = how.agnostic || options->agnostic != 0;
    how.width = how.height = options->size;
    return how;
}

bsr_status api_check_bgr8(const struct bsr_image *image, struct bsr_error *err)
{
    if (image->data && image->channels == 3 && image->depth == 8 && image->width > 0 && image->height > 0 &&
        image->width <= IMAGE_MAX_SIDE && image->height <= IMAGE_MAX_SIDE &&
        image->stride >= (size_t)image->width * 3)
        return BSR_OK;
    return bsr_fail(err, BSR_ERANGE, NULL, "the picture is no 8-bit BGR picture");
}

/* Copies what was found, and the names behind it, into one block. */
bsr_status api_copy_detections(struct bsr_detections *out, const struct detections *found,
                               const struct detector *detector, const struct bsr_image *image,
                               struct bsr_error *err)
{
    size_t size = found->count * sizeof(struct bsr_detection);
    for (size_t i = 0; i < found->count; i++)
        size += strlen(detector_class_name(detector, found->items[i].class_index)) + 1;
    struct bsr_detection *items = mem_alloc(size);
    if (!items)
        return bsr_fail_memory(err, NULL, size);

    char *names = (char *)(items + found->count);
    for (size_t i = 0; i < found->count; i++) {
        const struct detection *item = &found->items[i];
        const char             *name = detector_class_name(detector, item->class_index);
        items[i] = (struct bsr_detection){
            .x1 = item->x1,
            .y1 = item->y1,
            .x2 = item->x2,
            .y2 = item->y2,
            .score = item->score,
            .class_index = item->class_index,
            .name = names,
        };
        names = stpcpy(names, name) + 1;
    }
    *out = (struct bsr_detections){
        .items = items, .count = found->count, .width = image->width, .height = image->height};
    return BSR_OK;
}

/* ---- tier 2 ----------------------------------------------------------------------------------- */

static bsr_status open_model(struct bsr_model **out, const char *name, enum card_task task, int threads,
                             struct bsr_error *err)
{
    struct bsr_model *made = mem_alloc_zeroed(1, sizeof *made);
    if (!made)
        return bsr_fail_memory(err, name, sizeof *made);
    bsr_status status = model_open(&made->model, name, task, NULL, err);
    if (status == BSR_OK && threads > 1)
        status = pool_create(&made->pool, threads, err);
    if (status != BSR_OK) {
        bsr_model_close(made);
        return status;
    }
    engine_set_threads(threads);
    *out = made;
    return BSR_OK;
}

bsr_status bsr_model_open_detect(struct bsr_model **out, const char *model,
                                 const struct bsr_detect_options *options, struct bsr_error *err)
{
    struct bsr_detect_options wanted = options ? *options : bsr_detect_options_default();
    struct bsr_model         *made = NULL;
    bsr_status status = open_model(&made, model, CARD_DETECT, api_threads(wanted.threads), err);
    if (status == BSR_OK) {
        struct detect_options how = api_detect_options(&made->model, &wanted);
        status = detector_open(&made->detector, &made->model, &how, made->pool, NULL, err);
    }
    if (status != BSR_OK) {
        bsr_model_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

bsr_status bsr_model_open_upscale(struct bsr_model **out, const char *model, int threads,
                                  struct bsr_error *err)
{
    struct bsr_model *made = NULL;
    bsr_status        status = open_model(&made, model, CARD_UPSCALE, api_threads(threads), err);
    if (status == BSR_OK)
        status = upscaler_open(&made->upscaler, &made->model, made->pool, err);
    if (status != BSR_OK) {
        bsr_model_close(made);
        return status;
    }
    *out = made;
    return BSR_OK;
}

void bsr_model_close(struct bsr_model *model)
{
    if (!model)
        return;
    detector_close(model->detector);
    upscaler_close(model->upscaler);
    pool_destroy(model->pool);
    model_free(&model->model);
    mem_free(model);
}

static bsr_status read_picture(struct picture *out, const char *path, enum picture_purpose purpose,
                               struct bsr_error *err)
{
    struct picture_limits limits = {0};
    struct bytes          file = {0};
    bsr_status            status = file_read(&file, path, MAX_FILE_BYTES, err);
    if (status == BSR_OK)
        status = picture_decode(out, file.data, file.size, purpose, &limits, path, err);
    bytes_free(&file);
    return status;
}

bsr_status bsr_image_read(struct bsr_image *out, const char *path, struct bsr_error *err)
{
    struct picture picture = {0};
    bsr_status     status = read_picture(&picture, path, PICTURE_FOR_NET, err);
    if (status != BSR_OK)
        return status;
    *out = picture.image;
    picture.image = (struct bsr_image){0};
    picture_free(&picture);
    return BSR_OK;
}

static bsr_status detect_reduced(struct bsr_model *model, const struct bsr_image *image,
                                 const struct image_reduction *reduction, struct bsr_detections *out,
                                 struct bsr_error *err)
{
    const struct bsr_image whole = {.width = reduction->width, .height = reduction->height};
    struct detections      found;
    struct timing          timing = {0};

    bsr_status status = detector_run_reduced(model->detector, image, reduction, &found, &timing, err);
    if (status == BSR_OK)
        status = api_copy_detections(out, &found, model->detector, &whole, err);
    return status;
}

bsr_status bsr_detect(struct bsr_model *model, const struct bsr_image *image, struct bsr_detections *out,
                      struct bsr_error *err)
{
    if (!model->detector)
        return bsr_fail(err, BSR_EUSAGE, NULL, "the model was opened to enlarge, not to detect");
    bsr_status status = api_check_bgr8(image, err);
    if (status != BSR_OK)
        return status;
    const struct image_reduction whole = image_whole(image);
    return detect_reduced(model, image, &whole, out, err);
}

bsr_status bsr_upscale(struct bsr_model *model, const struct bsr_image *image, double factor,
                       struct bsr_image *out, struct bsr_error *err)
{
    struct timing timing = {0};
    if (!model->upscaler)
        return bsr_fail(err, BSR_EUSAGE, NULL, "the model was opened to detect, not to enlarge");
    if (!image->data || image->width < 1 || image->height < 1 || image->channels < 1 || image->channels > 4 ||
        (image->depth != 8 && image->depth != 16))
        return bsr_fail(err, BSR_ERANGE, NULL, "the picture is none of 1 to 4 channels of 8 or 16 bits");
    if (!(factor >= 1))
        return bsr_fail(err, BSR_ERANGE, NULL, "the factor %g is under 1", factor);
    return upscaler_run(model->upscaler, image, &(struct upscale_size){.factor = factor}, out, NULL, &timing,
                        err);
}

/* ---- tier 1 ----------------------------------------------------------------------------------- */

/* A JPEG that the net is given much smaller is decoded smaller, as `besra detect` does. */
static bsr_status read_to_detect(struct picture *out, const char *path, const struct bsr_model *model,
                                 struct bsr_error *err)
{
    enum picture_purpose purpose = model->model.card.as_stored ? PICTURE_FOR_NET_AS_STORED : PICTURE_FOR_NET;
    struct picture_facts facts = {0};
    struct bytes         file = {0};
    int                  times = 1;

    bsr_status status = file_read(&file, path, MAX_FILE_BYTES, err);
    if (status == BSR_OK)
        status = picture_probe(&facts, file.data, file.size, NULL, path, err);
    if (status == BSR_OK)
        times = detector_reduction(model->detector, picture_upright_width(&facts),
                                   picture_upright_height(&facts));
    if (status == BSR_OK)
        status = picture_decode_reduced(out, file.data, file.size, times, purpose, NULL, path, err);
    bytes_free(&file);
    return status;
}

bsr_status bsr_detect_file(const char *model, const char *path, const struct bsr_detect_options *options,
                           struct bsr_detections *out, struct bsr_error *err)
{
    struct bsr_model *opened = NULL;
    struct picture    picture = {0};
    bsr_status        status = bsr_model_open_detect(&opened, model, options, err);
    if (status == BSR_OK)
        status = read_to_detect(&picture, path, opened, err);
    if (status == BSR_OK)
        status = detect_reduced(opened, &picture.image, &picture.reduction, out, err);
    bsr_model_close(opened);
    picture_free(&picture);
    return status;
}

static bsr_status write_picture(const struct picture *picture, const char *output, struct bsr_error *err)
{
    const char         *dot = strrchr(file_name(output), '.');
    enum picture_format format = dot ? picture_format_from_name(dot + 1) : PICTURE_UNKNOWN;
    struct bytes        encoded = {0};
    if (!picture_format_extension(format))
        return bsr_fail(err, BSR_EFORMAT, output, "its name ends in no format that besra writes");
    bsr_status status = picture_encode(&encoded, picture, format, WRITTEN_QUALITY, err);
    if (status == BSR_OK)
        status = file_write(output, encoded.data, encoded.size, true, false, err);
    bytes_free(&encoded);
    return status;
}

bsr_status bsr_upscale_file(const char *model, const char *path, double factor, const char *output,
                            struct bsr_error *err)
{
    struct bsr_model *opened = NULL;
    struct picture    picture = {0};
    struct bsr_image  large = {0};

    bsr_status status = read_picture(&picture, path, PICTURE_FOR_EDIT, err);
    if (status == BSR_OK)
        status = bsr_model_open_upscale(&opened, model, 0, err);
    if (status == BSR_OK)
        status = bsr_upscale(opened, &picture.image, factor, &large, err);
    if (status == BSR_OK) {
        image_free(&picture.image);
        picture.image = large;
        status = write_picture(&picture, output, err);
    }
    bsr_model_close(opened);
    picture_free(&picture);
    return status;
}
