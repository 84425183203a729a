#include "pipeline/quantize_samples.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/npy.h"
#include "pipeline/detect.h"
#include "pipeline/sources.h"
#include "pipeline/upscale.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)2 << 30)
enum { TOP = 5, MOST_SIDE = 512 }; /* of a picture that is enlarged: its middle stands for it */

struct samples {
    struct samples_options options;
    enum card_task         task; /* CARD_TASK_UNKNOWN: .npy files */
    struct model           model;
    struct pool           *pool;
    struct detector       *detector;
    struct upscaler       *upscaler;
    struct classifier     *classifier;
    char                 **paths;
    int                    count;
};

/* ---- files ------------------------------------------------------------------------------------------- */

static bsr_status add_path(struct samples *samples, const char *folder, const char *name,
                           struct bsr_error *err)
{
    struct bytes path = {0};
    char       **paths = mem_resize(samples->paths, (size_t)samples->count + 1, sizeof *paths);

    if (!paths)
        return bsr_fail_memory(err, name, sizeof *paths);
    samples->paths = paths;
    if (folder)
        bytes_append_format(&path, "%s/", folder);
    bytes_append_text(&path, name);
    paths[samples->count] = path.failed ? NULL : mem_copy_text(bytes_text(&path));
    bytes_free(&path);
    if (!paths[samples->count])
        return bsr_fail_memory(err, name, strlen(name));
    samples->count++;
    return BSR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The .npy files of a folder, or the file itself. What is neither is passed over. */
static bsr_status add_npy(struct samples *samples, const char *input, struct bsr_error *err)
{
    DIR       *folder = opendir(input);
    int        before = samples->count;
    bsr_status status = BSR_OK;

    if (!folder)
        return file_has_ending(input, ".npy") ? add_path(samples, NULL, input, err) : BSR_OK;
    for (const struct dirent *entry; status == BSR_OK && (entry = readdir(folder));)
        if (file_has_ending(entry->d_name, ".npy"))
            status = add_path(samples, input, entry->d_name, err);
    closedir(folder);
    if (samples->count > before)
        qsort(samples->paths + before, (size_t)(samples->count - before), sizeof *samples->paths, by_name);
    return status;
}

/* All files named, or the pictures of folders; without pictures the .npy files. */
static bsr_status collect(struct samples *samples, bool *pictures, char *const *inputs, size_t input_count,
                          struct bsr_error *err)
{
    const struct source_options how = {.recursive = true};
    struct sources              sources = {.items = NULL};
    bsr_status                  status = BSR_OK;

    for (size_t i = 0; status == BSR_OK && i < input_count; i++)
        status = add_npy(samples, inputs[i], err);
    *pictures = samples->count == 0;
    if (status == BSR_OK && *pictures)
        status = sources_collect(&sources, inputs, input_count, &how, err);
    for (size_t i = 0; status == BSR_OK && i < sources.count; i++)
        status = add_path(samples, NULL, sources.items[i].path, err);
    sources_free(&sources);
    if (status != BSR_OK || samples->count)
        return status;
    bsr_fail(err, BSR_EUSAGE, "--calibrate", "%s: no pictures there, and no .npy files",
             input_count ? inputs[0] : "");
    bsr_hint(err, "name a folder of pictures like those that the model will see");
    return BSR_EUSAGE;
}

/* Keeps `most` of them, evenly: of 10 the 4 are 1st, 3rd, 6th, 8th. */
static void thin_out(struct samples *samples)
{
    int most = samples->options.most, kept = 0;

    for (int i = 0; i < samples->count; i++) {
        bool keep =
            samples->count <= most || (kept < most && i == (int)((int64_t)kept * samples->count / most));
        if (keep)
            samples->paths[kept++] = samples->paths[i];
        else
            mem_free(samples->paths[i]);
    }
    samples->count = kept;
}

/* ---- the model --------------------------------------------------------------------------------------- */

static bsr_status open_detector(struct samples *samples, struct bytes *notes, struct bsr_error *err)
{
    struct detect_options how = detect_options_default(&samples->model);

    if (samples->options.letterbox != SAMPLES_CARD)
        how.rect = samples->options.letterbox == SAMPLES_RECT;
    return detector_open(&samples->detector, &samples->model, &how, samples->pool, notes, err);
}

static bsr_status open_as(struct samples *samples, const char *name, enum card_task task, struct bytes *notes,
                          struct bsr_error *err)
{
    const struct classify_options classify = {.top = TOP, .fit = samples->options.fit};
    bsr_status status = model_open(&samples->model, name, task, &samples->options.hints, err);

    if (status == BSR_OK && task == CARD_DETECT)
        status = open_detector(samples, notes, err);
    else if (status == BSR_OK && task == CARD_UPSCALE)
        status = upscaler_open(&samples->upscaler, &samples->model, samples->pool, err);
    else if (status == BSR_OK)
        status = classifier_open(&samples->classifier, &samples->model, &classify, samples->pool, notes, err);
    if (status == BSR_OK) {
        samples->task = task;
        return BSR_OK;
    }
    model_free(&samples->model);
    bytes_clear(notes);
    return status;
}

/* Whichever command takes it first, as `besra model show` tells. */
static bsr_status open_for_pictures(struct samples *samples, const char *name, struct bytes *notes,
                                    struct bsr_error *err)
{
    static const enum card_task tasks[] = {CARD_DETECT, CARD_UPSCALE, CARD_CLASSIFY};
    bsr_status                  status = BSR_EMODEL;

    for (size_t i = 0; status == BSR_EMODEL && i < sizeof tasks / sizeof *tasks; i++)
        status = open_as(samples, name, tasks[i], notes, err);
    if (status == BSR_EMODEL)
        bsr_hint(err, "of a net that takes no pictures, calibrate with .npy files of its input");
    return status;
}

static bsr_status check_input(const struct onnx_model *model, const char *name, struct bsr_error *err)
{
    if (onnx_input_count(model) == 1 && onnx_input(model, 0).element_type == BSR_F32)
        return BSR_OK;
    if (onnx_input_count(model) == 1)
        return bsr_fail(err, BSR_EMODEL, name, "its input is not f32, which .npy files are read for");
    bsr_fail(err, BSR_EMODEL, name, "takes %d inputs; files are read for one", onnx_input_count(model));
    bsr_hint(err, "make the others constants: besra model simplify --freeze NAME=VALUE ...");
    return BSR_EMODEL;
}

/* Of a net for .npy files the whole graph. */
static bsr_status open_any(struct samples *samples, const struct onnx_model *net, const char *name,
                           struct bsr_error *err)
{
    bsr_status status = check_input(net, name, err);
    return status == BSR_OK ? onnx_model_write(net, &samples->model.onnx, err) : status;
}

bsr_status samples_open(struct samples **out, const char *model, const struct onnx_model *net,
                        char *const *inputs, size_t input_count, const struct samples_options *options,
                        struct bytes *notes, struct bsr_error *err)
{
    struct samples *samples = mem_alloc_zeroed(1, sizeof *samples);
    bool            pictures = false;

    if (!samples)
        return bsr_fail_memory(err, model, sizeof *samples);
    samples->options = *options;
    bsr_status status = collect(samples, &pictures, inputs, input_count, err);
    if (status == BSR_OK)
        thin_out(samples);
    if (status == BSR_OK && options->threads > 1)
        status = pool_create(&samples->pool, options->threads, err);
    if (status == BSR_OK)
        status =
            pictures ? open_for_pictures(samples, model, notes, err) : open_any(samples, net, model, err);
    if (status == BSR_OK)
        *out = samples;
    else
        samples_close(samples);
    return status;
}

void samples_close(struct samples *samples)
{
    if (!samples)
        return;
    detector_close(samples->detector);
    upscaler_close(samples->upscaler);
    classifier_close(samples->classifier);
    model_free(&samples->model);
    pool_destroy(samples->pool);
    for (int i = 0; i < samples->count; i++)
        mem_free(samples->paths[i]);
    mem_free(samples->paths);
    mem_free(samples);
}

int samples_count(const struct samples *samples)
{
    return samples->count;
}

const char *samples_path(const struct samples *samples, int index)
{
    return samples->paths[index];
}

const char *samples_task(const struct samples *samples)
{
    return samples->detector     ? "detect"
           : samples->upscaler   ? "upscale"
           : samples->classifier ? "classify"
                                 : "any";
}

const struct bytes *samples_graph(const struct samples *samples)
{
    return &samples->model.onnx;
}

/* ---- one of them ------------------------------------------------------------------------------------- */

static bsr_status read_npy(struct bsr_tensor *out, const struct bytes *file, const char *path,
                           struct bsr_error *err)
{
    struct bsr_tensor tensor = {.data = NULL};
    bsr_status        status = npy_read(&tensor, file->data, file->size, path, err);

    if (status != BSR_OK || tensor.type == BSR_F32) {
        if (status == BSR_OK)
            *out = tensor;
        return status;
    }
    status = tensor_convert(out, &tensor, BSR_F32, err);
    tensor_free(&tensor);
    return status;
}

static bool is_as_stored(const struct samples *samples)
{
    return samples->options.colours_given ? samples->options.as_stored : samples->model.card.as_stored;
}

/* A view of the middle of a picture. */
static struct bsr_image middle_of(const struct bsr_image *image)
{
    struct bsr_image view = *image;

    view.width = image->width < MOST_SIDE ? image->width : MOST_SIDE;
    view.height = image->height < MOST_SIDE ? image->height : MOST_SIDE;
    view.data = image_row(image, (image->height - view.height) / 2) +
                (size_t)((image->width - view.width) / 2) * image_pixel_size(image);
    return view;
}

/* A copy of what a detector or classifier will overwrite. */
static bsr_status copy_input(struct bsr_tensor *out, const struct tensor *input, struct bsr_error *err)
{
    struct bsr_tensor copy = {.type = BSR_F32, .dims = input->dims};

    memcpy(copy.shape, input->shape, sizeof input->shape);
    bsr_status status = tensor_alloc(&copy, err);
    if (status != BSR_OK)
        return status;
    memcpy(copy.data, input->data, tensor_bytes(&copy));
    *out = copy;
    return BSR_OK;
}

static bsr_status lay(struct bsr_tensor *out, struct samples *samples, const struct bsr_image *image,
                      struct bsr_error *err)
{
    struct tensor input;

    if (samples->upscaler) {
        const struct bsr_image middle = middle_of(image);
        return upscaler_lay(samples->upscaler, &middle, samples->options.scale, out, err);
    }
    bsr_status status = samples->detector ? detector_lay(samples->detector, image, &input, err)
                                          : classifier_lay(samples->classifier, image, &input, err);
    return status == BSR_OK ? copy_input(out, &input, err) : status;
}

bsr_status samples_read(struct bsr_tensor *out, struct samples *samples, int index, struct bsr_error *err)
{
    const char          *path = samples->paths[index];
    struct bytes         file = {0};
    struct picture       picture = {.format = PICTURE_UNKNOWN};
    enum picture_purpose purpose = samples->upscaler       ? PICTURE_FOR_EDIT
                                   : is_as_stored(samples) ? PICTURE_FOR_NET_AS_STORED
                                                           : PICTURE_FOR_NET;
    bsr_status           status = file_read(&file, path, MAX_FILE_BYTES, err);

    if (status == BSR_OK && samples->task == CARD_TASK_UNKNOWN) {
        status = read_npy(out, &file, path, err);
    } else if (status == BSR_OK) {
        status = picture_decode(&picture, file.data, file.size, purpose, &samples->options.limits, path, err);
        if (status == BSR_OK)
            status = lay(out, samples, &picture.image, err);
        picture_free(&picture);
    }
    bytes_free(&file);
    return status;
}
